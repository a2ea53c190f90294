"""When the local lane's server is busy: may this work go to the cloud instead, and is it worth asking?

Nobody is moved: the person is asked, and the border still has its say.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from twolane_server.errors import TooLarge
from twolane_server.lanes.base import LaneName
from twolane_server.routing.choose import choose

if TYPE_CHECKING:
    from twolane_server.lanes.local import Local
    from twolane_server.orders import Ready
    from twolane_server.routing.choose import Question

__all__ = ["cloud_offer", "may_be_offered"]


def may_be_offered(question: Question) -> bool:
    """Whether nothing but its length, or the action's home lane, keeps this local.

    So it is open and granted, concerns one file and asks for no repository; the cloud can be used, has
    room for it and is paid for; and the person said neither now nor by the mode which lane to take.
    """
    if question.wish is not None or question.budget is not None:
        return False
    if question.repository_wide or question.instruction_marker:
        return False
    try:
        here = choose(question).lane is LaneName.LOCAL
        return here and choose(replace(question, forced=LaneName.CLOUD)).lane is LaneName.CLOUD
    except TooLarge:
        return False


async def cloud_offer(local: Local | None, ready: Ready) -> str | None:
    """What to ask where requests wait at the local lane's server; `None` where nothing is to ask.

    Args:
        local: the lane, if anything has used it yet; else nothing is known of it.
        ready: what would go there.
    """
    # What the repository says around it may be NDA, and is gathered anew for the cloud.
    task = ready.task
    label = max(task.subject.label, task.prompt.without_context().label)
    if local is None or not may_be_offered(replace(ready.question, label=label)):
        return None
    load = await local.load.look()
    if load is None or not load.waiting:
        return None
    many = f"{load.waiting} requests wait" if load.waiting > 1 else "1 request waits"
    return (
        f"{many} at {local.host}. This code is open: send it to {ready.question.cloud_model} on the"
        " cloud lane instead? It waits here until you say so."
    )
