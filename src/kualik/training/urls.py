"""Addresses of the training office: groups and the import."""

from django.urls import path

from kualik.training.views import groups, lists, moodle, preview, programmes

app_name = "training"
urlpatterns = [
    path("office/groups/", groups.groups, name="groups"),
    path("office/groups/<int:pk>/", groups.group, name="group"),
    path("office/programmes/", programmes.programmes, name="programmes"),
    path("office/programmes/new/", programmes.programme_new, name="programme_new"),
    path("office/programmes/<int:pk>/", programmes.programme, name="programme"),
    path(
        "office/programmes/<int:pk>/retire/", programmes.programme_retire, name="programme_retire"
    ),
    path("office/import/", lists.upload, name="import"),
    path("office/import/moodle/", moodle.moodle, name="moodle"),
    path("office/import/moodle/source/", moodle.source, name="moodle_source"),
    path("office/import/moodle/forget/", moodle.source_forget, name="moodle_forget"),
    path("office/import/moodle/courses/", moodle.course_new, name="moodle_course_new"),
    path("office/import/moodle/courses/<int:pk>/ask/", moodle.course_ask, name="moodle_ask"),
    path(
        "office/import/moodle/courses/<int:pk>/remove/", moodle.course_remove, name="moodle_remove"
    ),
    path("office/import/<int:pk>/", preview.preview, name="preview"),
    path("office/import/<int:pk>/columns/", lists.columns, name="columns"),
    path("office/import/<int:pk>/sheet/", lists.sheet, name="sheet"),
    path("office/import/<int:pk>/group/", lists.group_answers, name="answers"),
    path("office/import/<int:pk>/marks/", preview.mark, name="mark"),
    path("office/import/<int:pk>/confirm/", preview.confirm, name="confirm"),
    path("office/import/<int:pk>/discard/", preview.discard, name="discard"),
    path("office/import/<int:pk>/remarks.xlsx", preview.remarks, name="remarks"),
    path("office/import/<int:pk>/result/", preview.result, name="result"),
]
