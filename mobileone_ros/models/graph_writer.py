"""Collect ONNX operators and weights layer by layer; `onnx_graph` says which and in what order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TYPE_CHECKING

from mobileone_ros.models.architecture import BATCH_NORM_EPSILON, Block
from mobileone_ros.models.weights import Weights
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx

INPUT_NAME: Final = 'input'
OUTPUT_NAME: Final = 'output'

# The vendor's hb_mapper reads opset 10 and 11 and no newer IR; every ONNX Runtime reads both.
OPSET: Final = 11
IR_VERSION: Final = 7


class GraphWriter:
    """Collect the nodes and weights of a network, one layer a call, in order."""

    def __init__(self, weight_type: type[np.floating[Any]] = np.float32) -> None:
        self._weight_type = weight_type
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: list[onnx.TensorProto] = []

    @property
    def image(self) -> str:
        """Return the name of the tensor that holds the picture."""
        return INPUT_NAME

    def node(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Append one operator, named as its output, and return that name."""
        from onnx import helper

        self._nodes.append(
            helper.make_node(operator, list(inputs), [output], name=output, **attributes)
        )
        return output

    def weight(self, name: str, array: NDArray[Any]) -> str:
        """Append an array and return the name under which operators read it as float32."""
        import onnx
        from onnx import numpy_helper

        stored = np.ascontiguousarray(array, dtype=self._weight_type)
        if self._weight_type is np.float32:
            self._initializers.append(numpy_helper.from_array(stored, name))
            return name
        self._initializers.append(numpy_helper.from_array(stored, f'{name}.stored'))
        return self.node('Cast', [f'{name}.stored'], name, to=onnx.TensorProto.FLOAT)

    def convolution(
        self,
        tensor: str,
        block: Block,
        kernel: NDArray[Any],
        bias: NDArray[Any] | None,
        name: str,
    ) -> str:
        """Append a convolution with the block's stride and groups and the kernel's own size."""
        size = kernel.shape[-1]
        inputs = [tensor, self.weight(f'{name}.weight', kernel)]
        if bias is not None:
            inputs.append(self.weight(f'{name}.bias', bias))
        return self.node(
            'Conv',
            inputs,
            f'{name}.output',
            group=block.groups,
            kernel_shape=[size, size],
            pads=[size // 2] * 4,
            strides=[block.stride] * 2,
        )

    def batch_norm(self, tensor: str, weights: Weights, prefix: str) -> str:
        """Append a batch norm with its running statistics."""
        inputs = [tensor]
        for name in ('weight', 'bias', 'running_mean', 'running_var'):
            inputs.append(self.weight(f'{prefix}.{name}', weights[f'{prefix}.{name}']))
        return self.node(
            'BatchNormalization', inputs, f'{prefix}.output', epsilon=BATCH_NORM_EPSILON
        )

    def add(self, tensors: Sequence[str], name: str) -> str:
        """Append the sum of tensors of equal shape; a single one is its own sum."""
        return self.node('Sum', tensors, f'{name}.output') if len(tensors) > 1 else tensors[0]

    def activation(self, tensor: str, block: Block, weights: Weights) -> str:
        """Append what every block ends with: squeeze-and-excite where used, then ReLU."""
        if block.use_se:
            tensor = self._squeeze_and_excite(tensor, block, weights)
        return self.node('Relu', [tensor], f'{block.name}.activation.output')

    def _squeeze_and_excite(self, tensor: str, block: Block, weights: Weights) -> str:
        se = f'{block.name}.se'
        gate = self.node('GlobalAveragePool', [tensor], f'{se}.pool.output')
        gate = self._pointwise(gate, f'{se}.reduce', weights)
        gate = self.node('Relu', [gate], f'{se}.relu.output')
        gate = self._pointwise(gate, f'{se}.expand', weights)
        gate = self.node('Sigmoid', [gate], f'{se}.sigmoid.output')
        return self.node('Mul', [tensor, gate], f'{se}.output')

    def _pointwise(self, tensor: str, name: str, weights: Weights) -> str:
        inputs = [
            tensor,
            self.weight(f'{name}.weight', weights[f'{name}.weight']),
            self.weight(f'{name}.bias', weights[f'{name}.bias']),
        ]
        return self.node('Conv', inputs, f'{name}.output', kernel_shape=[1, 1])

    def classifier(self, tensor: str, weights: Weights) -> str:
        """Append global average pooling and the linear layer that gives the logits."""
        pooled = self.node('GlobalAveragePool', [tensor], 'gap.output')
        vector = self.node('Flatten', [pooled], 'flatten.output', axis=1)
        inputs = [
            vector,
            self.weight('linear.weight', weights['linear.weight']),
            self.weight('linear.bias', weights['linear.bias']),
        ]
        return self.node('Gemm', inputs, OUTPUT_NAME, transB=1)

    def model(
        self, name: str, image_size: int, num_classes: int, metadata: Mapping[str, str]
    ) -> onnx.ModelProto:
        """Return the finished model, checked against the ONNX specification."""
        import onnx
        from onnx import helper

        float32 = onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            self._nodes,
            name,
            [helper.make_tensor_value_info(INPUT_NAME, float32, [1, 3, image_size, image_size])],
            [helper.make_tensor_value_info(OUTPUT_NAME, float32, [1, num_classes])],
            self._initializers,
        )
        model = helper.make_model(
            graph,
            producer_name='mobileone_ros',
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid('', OPSET)],
        )
        helper.set_model_props(model, dict(metadata))
        onnx.checker.check_model(model, full_check=True)
        return model
