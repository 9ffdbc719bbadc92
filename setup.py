"""Install mobileone_ros as an ament_python package."""

from __future__ import annotations

from pathlib import Path

from setuptools import Extension, find_packages, setup

PACKAGE = 'mobileone_ros'

# The executables of `ros2 run mobileone_ros NAME`, each with the module whose main() it runs.
EXECUTABLES = {
    'benchmark': 'mobileone_ros.tools.benchmark',
    'classifier': 'mobileone_ros.command_line',
    'classify_image': 'mobileone_ros.tools.classify_image',
    'evaluate': 'mobileone_ros.tools.evaluate',
    'export_model': 'mobileone_ros.tools.export_model',
    'fetch_models': 'mobileone_ros.tools.fetch_models',
    'image_publisher': 'mobileone_ros.tools.image_publisher',
    'quantize_model': 'mobileone_ros.tools.quantize_model',
}


def shared_files(folder: str) -> list[tuple[str, list[str]]]:
    """Return a folder's files and those below it, each list with its place in the share."""
    places: dict[str, list[str]] = {}
    for path in sorted(Path(folder).rglob('*')):
        if path.is_file() and '__pycache__' not in path.parts:
            places.setdefault(f'share/{PACKAGE}/{path.parent}', []).append(str(path))
    return list(places.items())


def package_data() -> list[str]:
    """Return the files of the package's data folders, relative to the package."""
    files = (path for path in sorted(Path(PACKAGE).rglob('*')) if path.is_file())
    return [str(path.relative_to(PACKAGE)) for path in files if 'data' in path.parts]


def stubs() -> list[str]:
    """Return the type stubs, relative to the package."""
    return [str(path.relative_to(PACKAGE)) for path in sorted(Path(PACKAGE).rglob('*.pyi'))]


def compiled(folder: str) -> Extension:
    """Return a folder's part in C, without which the package works as well, if slower."""
    sources = Path(PACKAGE, folder)
    return Extension(
        f'{PACKAGE}.{folder.replace("/", ".")}._compiled',
        sources=sorted(str(path) for path in sources.glob('*.c')),
        depends=sorted(str(path) for path in sources.glob('*.h')),
        # At -O2, compilers before GCC 12 vectorise nothing.
        extra_compile_args=['-std=c11', '-O3', '-pthread'],
        extra_link_args=['-pthread'],
        libraries=['m'],
        optional=True,
    )


setup(
    name=PACKAGE,
    version='0.1.0',
    description='Image classification with MobileOne as a managed ROS 2 node',
    license='Apache-2.0',
    maintainer='mobileone_ros maintainers',
    maintainer_email='maintainers@mobileone-ros.example',
    packages=find_packages(include=[PACKAGE, f'{PACKAGE}.*']),
    package_data={PACKAGE: ['py.typed', *stubs(), *package_data()]},
    ext_modules=[compiled('core/kernels'), compiled('arrivals')],
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{PACKAGE}']),
        (f'share/{PACKAGE}', ['package.xml']),
        *shared_files('launch'),
        *shared_files('config'),
        *shared_files('benchmarks/subjects'),
        *shared_files('test/data/photographs'),
        *shared_files('test/data/road_signs'),
    ],
    python_requires='>=3.10',
    install_requires=['setuptools'],
    extras_require={'test': ['pytest']},
    zip_safe=False,
    entry_points={
        'console_scripts': [f'{name} = {module}:main' for name, module in EXECUTABLES.items()],
    },
)
