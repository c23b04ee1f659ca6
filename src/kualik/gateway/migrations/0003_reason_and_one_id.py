from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gateway", "0002_fresh_until"),
    ]

    operations = [
        migrations.AddField(
            model_name="arrival",
            name="reason",
            field=models.JSONField(default=dict),
        ),
        migrations.AddConstraint(
            model_name="inbound",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("kind__in", ("REQUEST", "UPDATE", "NOTIFICATION", "RESPONSE"))
                ),
                fields=("peer", "message_id"),
                name="one_pushed_inbound",
            ),
        ),
    ]
