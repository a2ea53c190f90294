"""What a server's own counts teach us about our estimates of its model's tokens."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

__all__ = ["Calibration"]

_KEPT = 32
_ENOUGH = 8
_MARGIN = 1.1
# Below so many tokens the server's chat template outweighs the text.
_TELLING = 100
_LEAST, _MOST = 0.5, 4.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """The latest counts of one model. A value: to learn gives another one.

    Attributes:
        ratios: counted / estimated, the latest last.
    """

    ratios: tuple[float, ...] = ()

    def learned(self, estimated: int, counted: int) -> Calibration:
        """With one more count; a prompt of a few words, or nonsense, teaches nothing."""
        if min(estimated, counted) < _TELLING:
            return self
        ratio = min(max(counted / estimated, _LEAST), _MOST)
        return Calibration((*self.ratios, ratio)[-_KEPT:])

    def corrected(self, estimated: int) -> int:
        """An estimate as the counts say, leaning high: by the highest ratio seen, and a tenth.

        It goes up with the first count, and down only when there are several.
        """
        if not self.ratios:
            return estimated
        factor = _MARGIN * max(self.ratios)
        return ceil(estimated * (factor if len(self.ratios) >= _ENOUGH else max(factor, 1.0)))
