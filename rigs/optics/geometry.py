"""Where a point of the code falls in the frame: the pinhole camera, flat and curved carriers, angles.

Lengths on the object are millimetres, x to the right and y down from the middle of what is shown; frame coordinates
are pixels, with pixel 0 reaching from 0 to 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from rigs.optics.stimulus import Pose

WIDTH, HEIGHT = 640, 480
"""Frame size, pixels."""

FOCAL_PX = 900.0
"""Focal length of the bench's pinhole camera, pixels: a 25 mm code of 270 px stands about 83 mm away."""

Image = npt.NDArray[np.uint8]
"""A frame: (480, 640) grey or (480, 640, 3) RGB, 8 bit, sRGB values."""

Points = npt.NDArray[np.float64]
"""Points, shape (n, 2)."""

Matrix = npt.NDArray[np.float64]
"""A 3 x 3 matrix."""

FINER = 2
"""Samples along each side of a pixel before they are averaged, so that fine modules do not alias."""


def rotation(pose: Pose) -> Matrix:
    """The rotation of a panel about its centre: roll first, then yaw, then pitch."""
    pitch, yaw, roll = (math.radians(angle) for angle in (pose.pitch, pose.yaw, pose.roll))
    about_x = np.array([[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]])
    about_y = np.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
    about_z = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
    return np.asarray(about_x @ about_y @ about_z, dtype=np.float64)


def homography(pose: Pose, width: int, height: int, centre_x: int) -> Matrix:
    """Pinhole projection of a flat panel turned about its centre, as a 3 x 3 matrix from panel to frame pixels."""
    turned = rotation(pose)
    camera = np.array([[FOCAL_PX, 0, centre_x], [0, FOCAL_PX, HEIGHT / 2], [0, 0, 1]])
    plane = np.column_stack((turned[:, 0], turned[:, 1], [0, 0, FOCAL_PX]))
    to_centre = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]], dtype=float)
    return np.asarray(camera @ plane @ to_centre, dtype=np.float64)


def through(matrix: Matrix, points: Points) -> Points:
    """Points taken through a projective matrix."""
    lifted = np.column_stack((points, np.ones(len(points)))) @ matrix.T
    return np.asarray(lifted[:, :2] / lifted[:, 2:], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Placement:
    """How a carrier stands before the camera.

    Attributes:
        distance_mm: from the lens to the middle of what is shown.
        pose: angles.
        radius_mm: radius of the upright cylinder it is wrapped around, its middle nearest the camera; 0 for flat.
    """

    distance_mm: float
    pose: Pose = field(default_factory=Pose)
    radius_mm: float = 0.0

    def project(self, points_mm: Points) -> Points:
        """Points of the carrier as frame coordinates."""
        x, y = points_mm[:, 0], points_mm[:, 1]
        if self.radius_mm:
            turn = x / self.radius_mm
            solid = np.column_stack((self.radius_mm * np.sin(turn), y, self.radius_mm * (1 - np.cos(turn))))
        else:
            solid = np.column_stack((x, y, np.zeros_like(x)))
        seen = solid @ rotation(self.pose).T + (0, 0, self.distance_mm)
        return np.asarray(seen[:, :2] * FOCAL_PX / seen[:, 2:] + (WIDTH / 2, HEIGHT / 2), dtype=np.float64)

    def to_frame(self) -> Matrix:
        """The projection of a flat carrier, millimetres to frame coordinates."""
        turned = rotation(self.pose)
        camera = np.array([[FOCAL_PX, 0, WIDTH / 2], [0, FOCAL_PX, HEIGHT / 2], [0, 0, 1]])
        return np.asarray(camera @ np.column_stack((turned[:, :2], [0, 0, self.distance_mm])), dtype=np.float64)

    def on_carrier(self) -> npt.NDArray[np.float32]:
        """The point of the carrier that each pixel looks at, mm, shape (480, 640, 2); far off where there is none."""
        across, down = np.meshgrid(np.arange(WIDTH) + 0.5, np.arange(HEIGHT) + 0.5)
        ray = np.stack(((across - WIDTH / 2) / FOCAL_PX, (down - HEIGHT / 2) / FOCAL_PX, np.ones_like(across)), axis=-1)
        turned = rotation(self.pose)
        eye = -turned.T @ np.array([0, 0, self.distance_mm])
        ray = ray @ turned
        if not self.radius_mm:
            reach = -eye[2] / ray[..., 2]
            return np.asarray(eye[:2] + reach[..., None] * ray[..., :2], np.float32)
        return self._on_cylinder(eye, ray)

    def _on_cylinder(self, eye: npt.NDArray[np.float64], ray: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        radius = self.radius_mm
        x, z = eye[0], eye[2] - radius
        a = ray[..., 0] ** 2 + ray[..., 2] ** 2
        b = x * ray[..., 0] + z * ray[..., 2]
        inner = b**2 - a * (x**2 + z**2 - radius**2)
        reach = (-b - np.sqrt(np.maximum(inner, 0))) / a
        arc = radius * np.arctan2(x + reach * ray[..., 0], -(z + reach * ray[..., 2]))
        point = np.stack((arc, eye[1] + reach * ray[..., 1]), axis=-1)
        point[inner < 0] = 1e4
        return np.asarray(point, np.float32)


def spread_out(panel: Image, centre_mm: tuple[float, float], px_per_mm: float, placement: Placement) -> Image:
    """A flat panel as the camera sees it: (480, 640) coverage, 0 where there is nothing of it.

    Args:
        panel: one channel.
        centre_mm: where its centre lies on the carrier.
        px_per_mm: its resolution.
        placement: how the carrier stands.
    """
    height, width = panel.shape
    to_panel = np.array(
        [
            [px_per_mm, 0, width / 2 - centre_mm[0] * px_per_mm],
            [0, px_per_mm, height / 2 - centre_mm[1] * px_per_mm],
            [0, 0, 1],
        ]
    )
    size = (WIDTH * FINER, HEIGHT * FINER)
    if placement.radius_mm:
        looked_at = cv2.resize(placement.on_carrier(), size, interpolation=cv2.INTER_LINEAR)
        at = (looked_at * px_per_mm + to_panel[:2, 2] - 0.5).astype(np.float32)
        fine = cv2.remap(panel, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    else:
        middle = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
        finer = np.array([[FINER, 0, -0.5], [0, FINER, -0.5], [0, 0, 1]])
        matrix = finer @ placement.to_frame() @ np.linalg.inv(to_panel) @ middle
        fine = cv2.warpPerspective(panel, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return cv2.resize(fine, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.uint8)
