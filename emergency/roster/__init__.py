"""People: names, numbers, roles, shifts. Numbers live here and in the store's roster, never in the log.

`person` holds the values, `calendar` says who works when, `team` shows the roster as the core sees it; these compute
only. The other modules read and write files, say what a change changes, and put it in force.
"""

from emergency.roster.calendar import changes, duty, next_change, on_shift, working
from emergency.roster.person import EMERGENCY_NUMBERS, Leave, Person, Roster, Swap, mask
from emergency.roster.team import Reach, members, team

__all__ = [
    "EMERGENCY_NUMBERS",
    "Leave",
    "Person",
    "Reach",
    "Roster",
    "Swap",
    "changes",
    "duty",
    "mask",
    "members",
    "next_change",
    "on_shift",
    "team",
    "working",
]
