"""X's rate limits: fixed windows per account and route, shown in headers on every answer."""

from dataclasses import dataclass

from handbill.rehearsal.faults import Settings

QUARTER = 15 * 60
DAY = 24 * 60 * 60

POST_ROUTE = "POST /2/tweets"


@dataclass(slots=True)
class _Window:
    started: float
    used: int = 0


class Limits:
    """Counts calls. Times are seconds since 1970, as in X's headers."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._windows: dict[tuple[str, str, int], _Window] = {}

    def clear(self) -> None:
        """Every window begins anew."""
        self._windows.clear()

    def take(self, account: str, route: str, moment: float) -> bool:
        """Count one call if the limits allow it; False means 429."""
        quarter, day = (self._window(account, route, span, moment) for span in (QUARTER, DAY))
        if quarter.used >= self._limit(route) or day.used >= self.settings.limit_24h:
            return False
        quarter.used += 1
        day.used += 1
        return True

    def headers(self, account: str, route: str, moment: float) -> dict[str, str]:
        """What X says about both windows."""
        quarter, day = (self._window(account, route, span, moment) for span in (QUARTER, DAY))
        limit, daily = self._limit(route), self.settings.limit_24h
        return {
            "x-rate-limit-limit": str(limit),
            "x-rate-limit-remaining": str(max(0, limit - quarter.used)),
            "x-rate-limit-reset": str(int(quarter.started) + QUARTER),
            "x-user-limit-24hour-limit": str(daily),
            "x-user-limit-24hour-remaining": str(max(0, daily - day.used)),
            "x-user-limit-24hour-reset": str(int(day.started) + DAY),
        }

    def _limit(self, route: str) -> int:
        is_post = route == POST_ROUTE
        return self.settings.limit_15min if is_post else self.settings.limit_other_15min

    def _window(self, account: str, route: str, span: int, moment: float) -> _Window:
        key = (account, route, span)
        window = self._windows.get(key)
        if window is None or not window.started <= moment < window.started + span:
            window = self._windows[key] = _Window(moment)
        return window
