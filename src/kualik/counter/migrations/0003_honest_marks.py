"""When waiting began, as a moment of its own; causes beside the words; what proves a late mark."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Case, F, When

from kualik.rules.identifiers import mask_iin, replace_iins

# What the program itself once wrote as the reason of those who let others pass.
ASKED_TO_WAIT = "Келуші кейінірек шақыруды өзі сұрады / Посетитель сам попросил вызвать позже"


def carry_over(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Waiting begins with the ticket, or at the time booked for who came before it; words that
    were given become the cause "other", without anybody's number in them."""
    visit = apps.get_model("counter", "Visit")
    begins = Case(When(slot_at__gt=F("ticket_at"), then=F("slot_at")), default=F("ticket_at"))
    visit.objects.filter(ticket_at__isnull=False).update(waiting_from=begins)
    visit.objects.filter(waiting_reason=ASKED_TO_WAIT, ended_at=None).update(waiting_reason="")
    for term in ("waiting", "serving"):
        for row in visit.objects.exclude(**{f"{term}_reason": ""}).iterator():
            words = replace_iins(getattr(row, f"{term}_reason"), mask_iin)
            given = {f"{term}_reason": words, f"{term}_cause": "other"}
            visit.objects.filter(pk=row.pk).update(**given)


class Migration(migrations.Migration):
    dependencies = [
        ("counter", "0002_passed_line"),
    ]

    operations = [
        migrations.AddField(
            model_name="visit",
            name="asked_later_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="visit",
            name="handed_in_noted_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="visit",
            name="is_recorded_later",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="visit",
            name="serving_cause",
            field=models.CharField(blank=True, max_length=24),
        ),
        migrations.AddField(
            model_name="visit",
            name="waiting_cause",
            field=models.CharField(blank=True, max_length=24),
        ),
        migrations.AddField(
            model_name="visit",
            name="waiting_from",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="window",
            name="away_from",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="window",
            name="away_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="window",
            name="seen_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
    ]
