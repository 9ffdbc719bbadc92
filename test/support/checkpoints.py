"""Weights under the names that other implementations of MobileOne give them."""

from __future__ import annotations

import re

_TIMM = (
    (r'^stage0\.', 'stem.'),
    (r'^stage(\d)\.', lambda match: f'stages.{int(match[1]) - 1}.'),
    (r'\.rbr_conv\.', '.conv_kxk.'),
    (r'\.rbr_scale\.', '.conv_scale.'),
    (r'\.rbr_skip\.', '.identity.'),
    (r'\.se\.reduce\.', '.attn.fc1.'),
    (r'\.se\.expand\.', '.attn.fc2.'),
    (r'^linear\.', 'head.fc.'),
)


def as_timm(weights):
    """Return weights as timm's byobnet names them."""
    renamed = {}
    for name, array in weights.items():
        for pattern, replacement in _TIMM:
            name = re.sub(pattern, replacement, name)
        renamed[name] = array
    return renamed
