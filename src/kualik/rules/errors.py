"""The one error a rule may raise."""


class RuleViolation(Exception):
    """A rule forbids what was asked.

    ``code`` is stable and has a text in three languages and an HTTP status in ``core.errors``;
    ``params`` are the facts that the text names.
    """

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.code} ({facts})" if facts else self.code
