"""What a classifier node has between configure and cleanup."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from mobileone_ros.backends.base import BackendError
from mobileone_ros.core.classifier import Classifier
from mobileone_ros.core.dispatcher import DropReport
from mobileone_ros.core.frame import Frame
from mobileone_ros.core.intake import Intake
from mobileone_ros.core.pipeline import Pipeline, PipelineBusy
from mobileone_ros.core.prediction import Prediction
from mobileone_ros.metadata import MetadataOutputs
from mobileone_ros.model_loader import classifier_settings, model_request, ModelLoader
from mobileone_ros.outputs import CameraOutputs
from mobileone_ros.settings import Settings

if TYPE_CHECKING:
    from rclpy.lifecycle import LifecycleNode


class Configured:
    """A pipeline over a loaded model, and the topics that its results go to."""

    def __init__(
        self,
        node: LifecycleNode,
        cameras: Sequence[str],
        classifier: Classifier,
        decode: Callable[[bytes], Frame],
        on_drop: DropReport,
        intake: Intake[bytes] | None,
    ) -> None:
        self.pipeline: Pipeline[bytes] = Pipeline(
            cameras, classifier, decode, self._publish, on_drop, classifier.backend.parallel,
            intake=intake,
        )
        self.outputs = {
            camera: CameraOutputs(node, f'{camera}/' if camera else '') for camera in cameras
        }
        self._metadata = MetadataOutputs(node)

    def tell_metadata(self, settings: Settings) -> None:
        """Publish what the present model's results mean."""
        self._metadata.publish(self.pipeline.classifier, settings)

    def go_over(self, former: Settings, settings: Settings, models: ModelLoader) -> None:
        """
        Go from one set of settings to another between two frames.

        What results mean is told before the first one of another model. Raises LoadError,
        BackendError or PipelineBusy, and then everything stays as it was.
        """
        if model_request(settings) != model_request(former):
            self._load_and_swap(settings, models)
        elif classifier_settings(settings) != classifier_settings(former):
            present = self.pipeline.classifier
            self._swap(present.with_settings(classifier_settings(settings)), settings)
        self.pipeline.set_enabled(settings.enabled)

    def close(self, drain_timeout_s: float) -> bool:
        """
        Finish what was received, free the model and take the topics down.

        Return whether everything was finished in time.
        """
        drained = self.pipeline.close(drain_timeout_s)
        for output in self.outputs.values():
            output.close()
        self._metadata.close()
        return drained

    def _publish(self, camera: str, frame: Frame, prediction: Prediction) -> None:
        self.outputs[camera].publish(frame, prediction)

    def _load_and_swap(self, settings: Settings, models: ModelLoader) -> None:
        classifier = models.load(settings)
        try:
            self._swap(classifier, settings)
        except (BackendError, PipelineBusy):
            classifier.backend.close()
            raise

    def _swap(self, classifier: Classifier, settings: Settings) -> None:
        self.pipeline.swap(classifier, partial(self._metadata.publish, classifier, settings))
