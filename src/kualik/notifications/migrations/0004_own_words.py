import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("notifications", "0003_hook_pauses"),
        ("providers", "0004_one_planned_break"),
    ]

    operations = [
        migrations.CreateModel(
            name="OwnWords",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event", models.CharField(max_length=40)),
                ("kk", models.CharField(max_length=300)),
                ("ru", models.CharField(max_length=300)),
                ("en", models.CharField(max_length=300)),
                ("provider", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="own_words", to="providers.provider")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("provider", "event"), name="own_words_once_an_event")
                ],
            },
        ),
    ]
