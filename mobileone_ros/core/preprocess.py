"""A camera's frame to a model's input, written where the backend reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import cv2
from mobileone_ros.backends.base import InputLayout, ModelSpec
from mobileone_ros.core.color import packed_to_bgr, to_bgr
from mobileone_ros.core.encodings import Encoding
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.normalize import Normalizer
from mobileone_ros.core.nv12 import resize_to_nv12, write_nv12
from mobileone_ros.core.resize import fetch, on_grey, place, Placement, resample, ResizeMode
import numpy as np
from numpy.typing import NDArray

__all__ = ['IMAGENET_MEAN', 'IMAGENET_STD', 'Preprocessor', 'ResizeMode']

IMAGENET_MEAN = (123.675, 116.28, 103.53)
"""ImageNet's mean of R, G, B on the scale of 0 to 255."""
IMAGENET_STD = (58.395, 57.12, 57.375)
"""ImageNet's standard deviation of R, G, B on the scale of 0 to 255."""


class Preprocessor:
    """
    Write frames as one model's input; immutable, to be called from any number of threads.

    Pictures are resized as bytes before anything else happens to them, so the cost hardly
    depends on the camera's resolution. YUV cameras are resized plane by plane.
    `mean` and `std` are R, G, B on the scale of 0 to 255; NV12 models normalise by themselves.
    `crop_fraction` is what CENTER_CROP keeps of the shorter side: 0.875 for MobileOne-S0, 0.9 for
    the others in timm's evaluation.
    OpenCV's own threads do not pay for pictures this small: the process should turn them off with
    `cv2.setNumThreads(1)`.
    """

    def __init__(
        self,
        spec: ModelSpec,
        resize_mode: ResizeMode = ResizeMode.STRETCH,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
        crop_fraction: float = 0.875,
    ) -> None:
        """Raise ValueError where the model or a setting cannot be served."""
        if not 0.0 < crop_fraction <= 1.0:
            raise ValueError(f'crop_fraction must be in (0, 1], got {crop_fraction}')
        self._has_even_sides = not (spec.width % 2 or spec.height % 2)
        self._is_nv12 = spec.layout is InputLayout.NV12
        if self._is_nv12 and not self._has_even_sides:
            raise ValueError(f'an NV12 input needs even sides, got {spec.width}x{spec.height}')
        self.spec = spec
        self.resize_mode = resize_mode
        self.crop_fraction = crop_fraction
        self._shape = spec.input_shape
        self._dtype = np.dtype(spec.input_dtype)
        self._normalizer = Normalizer(mean, std)

    def __call__(self, frame: Frame, out: NDArray[Any]) -> None:
        """
        Write the frame into `out`, a C-contiguous array of the model's input shape and dtype.

        Every element of `out` is written. Raises ValueError where `out` is no such array.
        """
        self._check_output(out)
        if frame.encoding.is_yuv and not self._has_even_sides:
            frame = Frame.from_bgr(to_bgr(frame))
        placement = self._place(frame)
        if self._is_nv12:
            self._write_nv12(frame, placement, out)
        elif frame.encoding.is_yuv:
            self._normalizer.write(self._resize_yuv(frame, placement), Encoding.RGB8, out[0])
        elif self._normalizer.can_resample(frame, placement):
            self._normalizer.write_resampled(frame, placement, out[0])
        else:
            self._normalizer.write(*self._resize_packed(frame, placement), out[0])

    def _check_output(self, out: NDArray[Any]) -> None:
        if out.shape != self._shape or out.dtype != self._dtype or not out.flags.c_contiguous:
            raise ValueError(
                f'the model takes contiguous {self._dtype} of shape {self._shape}, '
                f'not {out.dtype} of shape {out.shape}'
            )

    def _place(self, frame: Frame) -> Placement:
        return place(
            self.resize_mode,
            (frame.width, frame.height),
            (self.spec.width, self.spec.height),
            self.crop_fraction,
            frame.encoding.even_width,
        )

    def _write_nv12(self, frame: Frame, placement: Placement, out: NDArray[np.uint8]) -> None:
        if frame.encoding.is_yuv:
            resize_to_nv12(frame, placement, out)
        else:
            write_nv12(*self._resize_packed(frame, placement), out)

    def _resize_packed(
        self, frame: Frame, placement: Placement
    ) -> tuple[NDArray[np.uint8], Encoding]:
        """Return the frame at the model's size, as rgb8 if it was that and as bgr8 if not."""
        picture, encoding = placement.source.of(frame.planes[0]), frame.encoding
        if encoding.is_bayer:
            picture, encoding = packed_to_bgr(picture, encoding), Encoding.BGR8
        target = (placement.target.width, placement.target.height)
        if placement.reads_nearly_all:
            fetch(picture)
        picture = resample(picture, target, placement.antialias)
        if encoding is not Encoding.RGB8:
            picture, encoding = packed_to_bgr(picture, encoding), Encoding.BGR8
        if not placement.covers:
            picture = on_grey(picture, placement, (self.spec.width, self.spec.height))
        return picture, encoding

    def _resize_yuv(self, frame: Frame, placement: Placement) -> NDArray[np.uint8]:
        """Return a YUV frame at the model's size as rgb8."""
        width, height = self.spec.width, self.spec.height
        small = np.empty((height * 3 // 2, width), np.uint8)
        resize_to_nv12(frame, placement, small)
        return cast('NDArray[np.uint8]', cv2.cvtColor(small, cv2.COLOR_YUV2RGB_NV12))
