"""Load a BPU model file and check that it is a classifier which takes NV12."""

from __future__ import annotations

from contextlib import ExitStack
import ctypes
from ctypes import byref, c_char_p, c_int32, c_void_p
import logging
import os
from pathlib import Path

from mobileone_ros.backends.base import BackendError, ModelRejected
from mobileone_ros.backends.bin_file import march_hint, refuse_other_files
from mobileone_ros.backends.libdnn_library import Library
from mobileone_ros.backends.libdnn_properties import (
    LogitsOutput,
    PictureInput,
    read_input,
    read_output,
)
from mobileone_ros.backends.libdnn_structures import TensorProperties
from mobileone_ros.backends.model_file import refuse_exchanged, sha256_of

_logger = logging.getLogger(__name__)


class Model:
    """Hold one loaded model from its file to `close`."""

    def __init__(self, library: Library, path: Path, content: bytes) -> None:
        self.path = path
        self._library = library
        self._packed = c_void_p()
        # The library is not said to be done with them before the model is released.
        self._content = content
        refuse_other_files(path, content)
        with ExitStack() as on_failure:
            on_failure.callback(self.close)
            self._initialize()
            self.name, self.handle = self._first_model()
            self._expect_one_input_and_output()
            self.input_properties = self._properties('hbDNNGetInputTensorProperties')
            self.output_properties = self._properties('hbDNNGetOutputTensorProperties')
            self.picture, self.output = self._read_tensors()
            on_failure.pop_all()

    def close(self) -> None:
        """Release the model; further calls do nothing. No task of it may be in flight."""
        if self._packed:
            packed, self._packed = self._packed, c_void_p()
            self._library.call('hbDNNRelease', packed)

    def _initialize(self) -> None:
        """Load the bytes that were read, or the file where the library does not take them."""
        try:
            if self._takes_bytes():
                return
            files = (c_char_p * 1)(os.fsencode(self.path))
            self._library.call('hbDNNInitializeFromFiles', byref(self._packed), files, 1)
        except BackendError as error:
            hint = march_hint(self._content)
            raise ModelRejected(f'{self.path} cannot be loaded: {error}{hint}') from error
        refuse_exchanged(self.path, sha256_of(self._content))

    def _takes_bytes(self) -> bool:
        if 'hbDNNInitializeFromDDR' not in self._library.functions:
            return False
        models, sizes = (c_char_p * 1)(self._content), (c_int32 * 1)(len(self._content))
        try:
            self._library.call('hbDNNInitializeFromDDR', byref(self._packed), models, sizes, 1)
        except BackendError as error:
            _logger.debug('%s is loaded by its path, for %s', self.path, error)
            self._packed = c_void_p()
        return bool(self._packed)

    def _first_model(self) -> tuple[str, c_void_p]:
        names = ctypes.POINTER(c_char_p)()
        count = c_int32()
        self._library.call('hbDNNGetModelNameList', byref(names), byref(count), self._packed)
        if count.value < 1 or not names or not names[0]:
            raise ModelRejected(f'{self.path} holds no model')
        handle = c_void_p()
        self._library.call('hbDNNGetModelHandle', byref(handle), self._packed, names[0])
        if not handle:
            raise ModelRejected(f'{self.path}: hbDNNGetModelHandle gave no handle')
        return names[0].decode('utf-8', 'replace'), handle

    def _expect_one_input_and_output(self) -> None:
        taken, given = self._count('hbDNNGetInputCount'), self._count('hbDNNGetOutputCount')
        if (taken, given) != (1, 1):
            raise ModelRejected(
                f'{self.path} has {taken} inputs and {given} outputs: '
                'a classifier has one picture in and one vector of logits out'
            )

    def _read_tensors(self) -> tuple[PictureInput, LogitsOutput]:
        try:
            return read_input(self.input_properties), read_output(self.output_properties)
        except ModelRejected as error:
            raise ModelRejected(f'{self.path} is refused: {error}') from error

    def _count(self, function: str) -> int:
        count = c_int32()
        self._library.call(function, byref(count), self.handle)
        return count.value

    def _properties(self, function: str) -> TensorProperties:
        properties = TensorProperties()
        self._library.call(function, byref(properties), self.handle, 0)
        return properties
