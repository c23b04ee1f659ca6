"""The journal, the jobs and the tasks for staff."""

from typing import ClassVar, NoReturn, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model, covariant=True)


class AppendOnly(models.QuerySet[Row]):
    """Rows that are written once: ``save`` of a written row ends here too, through ``_update``."""

    def update(self, **_values: object) -> NoReturn:
        raise TypeError("append-only")

    def _update(self, *_values: object) -> NoReturn:
        raise TypeError("append-only")

    def delete(self) -> NoReturn:
        raise TypeError("append-only")


class JournalEntry(models.Model):
    """What somebody did to something; entries of one subject form a chain of hashes."""

    subject = models.CharField(max_length=64)
    sequence = models.PositiveIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=120)
    role = models.CharField(max_length=32, blank=True)
    action = models.CharField(max_length=64)
    data = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    objects: ClassVar = AppendOnly["JournalEntry"].as_manager()

    class Meta:
        base_manager_name = "objects"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject", "sequence"], name="journal_one_chain"),
        ]
        indexes: ClassVar = [models.Index(fields=["action", "at"], name="journal_action_at")]

    def __str__(self) -> str:
        return f"{self.subject} #{self.sequence} {self.action}"

    def delete(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise TypeError("append-only")


class Job(models.Model):
    """Work for later, enqueued in the transaction that wants it.

    ``key`` makes a second enqueue of the same work a no-op; a lease that ran out gives the job
    of a dead worker to a living one. Until ``give_up_at`` no number of attempts is too many.
    """

    name = models.CharField(max_length=64)
    key = models.CharField(max_length=160, unique=True)
    payload = models.JSONField(default=dict)
    run_at = models.DateTimeField()
    give_up_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=64, blank=True)
    done_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["run_at", "id"],
                name="job_waiting",
                condition=models.Q(done_at=None, failed_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.key}"


class StaffTask(models.Model):
    """Something a person must look at because no rule may settle it alone.

    ``kind`` is a stable code, ``subject`` what it is about in the words of the journal, ``scope``
    whose staff sees it (empty: those of the whole installation), ``role`` in which role (empty:
    any). One task per ``key``; ``closed_by`` is the journal's name of who did it.
    """

    key = models.CharField(max_length=160, unique=True)
    kind = models.CharField(max_length=64)
    subject = models.CharField(max_length=80, blank=True)
    scope = models.CharField(max_length=16, blank=True)
    role = models.CharField(max_length=32, blank=True)
    params = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=120, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["scope", "role", "closed_at"], name="task_open"),
            models.Index(fields=["subject"], name="task_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Miss(models.Model):
    """How many wrong guesses one ``key`` made since ``window_start``; the key is a hash."""

    key = models.CharField(max_length=64, unique=True)
    window_start = models.DateTimeField(db_index=True)
    count = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.count} since {self.window_start}"
