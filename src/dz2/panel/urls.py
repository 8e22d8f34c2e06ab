"""The panel's addresses. Every tab and every state of a page is one."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from dz2.panel import (
    account,
    databases,
    entering,
    hosts,
    jobs,
    projects,
    releasing,
    settings,
    sitelogs,
    stream,
    variables,
    verifying,
)

urlpatterns = [
    path("welcome/<str:token>", entering.welcome, name="welcome"),
    path("sign-in", entering.SignInView.as_view(), name="sign-in"),
    path("sign-out", LogoutView.as_view(), name="sign-out"),
    path("account", account.Account.as_view(), name="account"),
    path("account/sessions", account.end_sessions, name="end-sessions"),
    path("", projects.listing, name="projects"),
    path("new", projects.new, name="new"),
    path("projects/<str:name>", projects.overview, name="project"),
    path("projects/<str:name>/releases", releasing.listing, name="releases"),
    path("projects/<str:name>/releases/<int:number>", releasing.between, name="between"),
    path("projects/<str:name>/restart", releasing.restart, name="restart"),
    path("projects/<str:name>/variables", variables.page, name="variables"),
    path("projects/<str:name>/variables/unset", variables.unset, name="variable-unset"),
    path("projects/<str:name>/variables/leave", variables.leave, name="variable-leave"),
    path("projects/<str:name>/variables/reveal", variables.reveal, name="variable-reveal"),
    path("projects/<str:name>/variables/paste", variables.paste, name="variables-paste"),
    path("projects/<str:name>/variables/deploy", variables.deploy, name="reconfigure"),
    path("projects/<str:name>/database", databases.page, name="database"),
    path("projects/<str:name>/database/back-up", databases.back_up, name="back-up"),
    path("projects/<str:name>/database/restore/<int:number>", databases.restore, name="restore"),
    path("projects/<str:name>/logs", sitelogs.page, name="logs"),
    path("projects/<str:name>/logs/lines", sitelogs.lines, name="logs-lines"),
    path("projects/<str:name>/logs/stream", sitelogs.stream, name="logs-stream"),
    path("projects/<str:name>/settings", settings.page, name="settings"),
    path("projects/<str:name>/scale", settings.scale, name="scale"),
    path("projects/<str:name>/deactivate", settings.deactivate, name="deactivate"),
    path("projects/<str:name>/activate", settings.activate, name="activate"),
    path("projects/<str:name>/key", projects.make_key, name="key"),
    path("projects/<str:name>/deploy", projects.deploy, name="deploy"),
    path("projects/<str:name>/check", projects.check, name="check"),
    path("projects/<str:name>/form", verifying.form, name="form"),
    path("jobs", jobs.listing, name="jobs"),
    path("jobs/<int:job_id>", jobs.page, name="job"),
    path("jobs/<int:job_id>/live", jobs.live, name="job-live"),
    path("jobs/<int:job_id>/log.txt", jobs.download, name="job-log"),
    path("jobs/<int:job_id>/cancel", jobs.cancel, name="job-cancel"),
    path("jobs/<int:job_id>/again", jobs.again, name="job-again"),
    path("jobs/<int:job_id>/lines", stream.lines, name="job-lines"),
    path("jobs/<int:job_id>/stream", stream.stream, name="job-stream"),
    path("hosts", hosts.listing, name="hosts"),
]
