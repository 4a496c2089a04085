"""The run on the page: its plan, how far it is, and what comes after it."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import run, ui

from bgtool.app.fields import main_button
from bgtool.app.run import Run, Stage
from bgtool.app.session import Session
from bgtool.errors import BgtoolError, printable

SHOWN = 50
"""Lines of a plan, and of what is said of files, that the page shows."""


class Progress:
    """The part of the page that starts, shows and ends runs."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._seen: object = None
        with ui.row().classes("line"):
            self._start = main_button("Start", lambda: self._try(session.start))
            self._plan = ui.button("Show the plan", on_click=lambda: self._try(session.rehearse)).props("outline")
            self._stop = ui.button("Stop", on_click=session.stop).props("outline")
            ui.checkbox("Do finished files again, too").bind_value(session.form, "overwrite").tooltip(
                "And replace files that bgtool did not make"
            )
        self._trouble = ui.label().classes("trouble").props("role=alert")
        self._headline = ui.label().classes("headline").props("role=status")
        self._bar = ui.linear_progress(0, show_value=False, size="10px").props('aria-label="files done" rounded')
        self._pace = ui.label().classes("hint")
        self._details()
        with ui.row().classes("line"):
            self._review = ui.button("Open the review page", on_click=self._open_review).props("outline")
            self._reviewed = ui.label().classes("hint grow")

    def update(self, *, has_results: bool) -> None:
        """Show how it goes; `has_results` tells whether there is something to review."""
        session, now = self._session, self._session.run
        active = session.is_running
        self._start.text = "Go on" if session.can_go_on else "Start"
        self._start.set_enabled(not active and bool(session.form.all_inputs))
        self._plan.set_enabled(not active and bool(session.form.all_inputs))
        self._stop.set_visibility(active)
        self._stop.set_enabled(active and not (now and now.is_ending))
        self._review.set_visibility(has_results)
        self._headline.text = headline(now) if now else ""
        self._bar.set_visibility(bool(now and now.total))
        if now and now.total:
            self._bar.value = (now.done + now.failed) / now.total
        self._pace.text = now.pace if now and now.pages else ""
        seen = (now, now and now.stage, now and (len(now.troubles), len(now.notes), now.failed))
        if seen != self._seen:
            self._seen = seen
            self._details.refresh()

    @ui.refreshable_method
    def _details(self) -> None:
        now = self._session.run
        if now is None:
            return
        if now.planned_jobs and not now.is_active:
            with ui.element("ul").classes("names said").props('tabindex=0 aria-label="The plan"'):
                for source, target in now.planned_jobs[:SHOWN]:
                    with ui.element("li"):
                        ui.label(source)
                        ui.label(f"→ {target}").classes("hint")
            if now.rehearsals > SHOWN:
                ui.label(f"and {now.rehearsals - SHOWN:,} more").classes("hint")
        for text in list(now.notes)[-SHOWN:]:
            ui.label(text).classes("hint")
        if now.troubles:
            ui.label("What is to be said of files").classes("legend").props("role=heading aria-level=3")
            with ui.element("ul").classes("names said").props('tabindex=0 aria-label="Said of files"'):
                for text in list(now.troubles)[-SHOWN:]:
                    with ui.element("li"):
                        ui.label(text)

    def _try(self, action: Callable[[], None]) -> None:
        self._trouble.text = ""
        try:
            action()
        except BgtoolError as error:
            self._trouble.text = printable(str(error))

    async def _open_review(self) -> None:
        self._trouble.text, self._reviewed.text = "", "The review page is being made."
        try:
            file = await run.io_bound(self._session.review)
        except BgtoolError as error:
            self._trouble.text, self._reviewed.text = printable(str(error)), ""
        else:
            self._reviewed.text = printable(f"It opens in your browser: {file}")


def headline(now: Run) -> str:
    """How far a run or a rehearsal is, in a sentence."""
    done = f"{now.done:,} of {now.total:,} files done"
    before = f", {now.skipped:,} done before" if now.skipped else ""
    failed = f", {now.failed:,} failed" if now.failed else ""
    if now.is_ending:
        return f"Stopping: files under way are finished or dropped. {done}{failed}."
    match now.stage:
        case Stage.PLANNING:
            return "Looking what there is to do…"
        case Stage.WORKING:
            return f"{done}{before}{failed}, on {now.device}."
        case Stage.STOPPED:
            return f"Stopped. {done}{failed}; Go on does the rest."
        case Stage.FAILED:
            return f"It could not go on: {now.error}"
    if now.options.dry_run:
        would = f", {now.failed:,} would fail" if now.failed else ""
        return f"The plan: {now.rehearsals:,} to do{before}{would}. Nothing was written."
    look = f" {now.doubtful:,} deserve a look: the review page shows them first." if now.doubtful else ""
    return f"Done. {done}{before}{failed}.{look}"
