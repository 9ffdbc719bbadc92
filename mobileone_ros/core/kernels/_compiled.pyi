import numpy as np
from numpy.typing import NDArray

def resample(
    picture: NDArray[np.uint8],
    planes: NDArray[np.float32],
    scale: tuple[float, float, float],
    offset: tuple[float, float, float],
    /,
) -> None: ...
def top_k(
    logits: NDArray[np.float32], k: int, threshold: float, /
) -> list[tuple[int, float]] | None: ...
