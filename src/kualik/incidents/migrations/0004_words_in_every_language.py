from django.db import migrations, models
from django.db.models import F


def copy_measures(apps, schema_editor):
    """What was done stood in the one field; of a report called off it was the reason."""
    written = apps.get_model("incidents", "Report").objects.exclude(state="cancelled")
    written.exclude(remark="").update(
        measures_kk=F("remark"), measures_ru=F("remark"), remark=""
    )


class Migration(migrations.Migration):

    dependencies = [
        ("incidents", "0003_proposals"),
    ]

    operations = [
        migrations.AddField(
            model_name="proposal",
            name="what_en",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="report",
            name="measures_kk",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="report",
            name="measures_ru",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.RunPython(copy_measures, migrations.RunPython.noop),
    ]
