from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('certificates', '0006_register_changes'),
    ]

    operations = [
        migrations.AddField(
            model_name='personsignature',
            name='lasts_until',
            field=models.DateTimeField(db_index=True, null=True),
        ),
        migrations.AddField(
            model_name='personsignature',
            name='level',
            field=models.CharField(default='B-B', max_length=5),
        ),
    ]
