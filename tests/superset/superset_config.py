"""The settings of the Superset that the tests start: as few as it needs. It listens on loopback only."""

from __future__ import annotations

import os

import flask

SECRET_KEY = "of a Superset that lives for the tests only"
SQLALCHEMY_DATABASE_URI = f"sqlite:///{os.environ['SUPERSET_METADATA']}"
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False


def FLASK_APP_MUTATOR(app: flask.Flask) -> None:  # noqa: N802 (Superset's name for it)
    """Let a browser in that says who it is, with nobody there to fill in the form."""

    @app.before_request
    def enter() -> None:
        import flask_login  # noqa: PLC0415 (there once the app is)

        from superset import security_manager  # noqa: PLC0415

        if user := flask.request.args.get("user"):
            flask_login.login_user(security_manager.find_user(user))
