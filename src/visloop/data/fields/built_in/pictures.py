"""Fields of still pictures: what the camera wrote into them (CIPA DC-008), where, and their kind."""

from __future__ import annotations

from typing import Final

from visloop.data.fields.records import Field

METERING: Final = {
    1: "average",
    2: "centre",
    3: "spot",
    4: "multi-spot",
    5: "pattern",
    6: "partial",
}
PROGRAMS: Final = {
    1: "manual",
    2: "program",
    3: "aperture priority",
    4: "shutter priority",
    5: "creative",
    6: "action",
    7: "portrait",
    8: "landscape",
}
MODES: Final = {0: "auto", 1: "manual", 2: "bracket"}
BALANCES: Final = {0: "auto", 1: "manual"}

EXIF: Final = (
    Field(name="exif.make", description="maker of the camera"),
    Field(name="exif.model", description="model of the camera"),
    Field(name="exif.serial", description="serial number of the camera's body", private=True),
    Field(name="exif.lens", description="model of the lens"),
    Field(name="exif.lens_make", description="maker of the lens"),
    Field(
        name="exif.taken",
        type="time",
        description="when the camera's clock says that it was taken; with the clock's offset from"
        " UTC where the camera noted it",
    ),
    Field(name="exif.exposure_s", type="number", unit="s", description="exposure time"),
    Field(name="exif.f_number", type="number", description="aperture: focal length / diameter"),
    Field(name="exif.iso", type="integer", description="sensitivity (ISO 12232)"),
    Field(
        name="exif.exposure_bias_ev",
        type="number",
        unit="EV",
        description="how much brighter than metered",
    ),
    Field(
        name="exif.exposure_program",
        type="choice",
        choices=tuple(PROGRAMS.values()),
        description="who chose aperture and time",
    ),
    Field(
        name="exif.exposure_mode",
        type="choice",
        choices=tuple(MODES.values()),
        description="how the exposure was set",
    ),
    Field(
        name="exif.metering",
        type="choice",
        choices=tuple(METERING.values()),
        description="which part of the picture was metered",
    ),
    Field(name="exif.flash", type="boolean", description="whether the flash fired"),
    Field(
        name="exif.white_balance",
        type="choice",
        choices=tuple(BALANCES.values()),
        description="how the white balance was set",
    ),
    Field(name="exif.focal_length_mm", type="number", unit="mm", description="focal length"),
    Field(
        name="exif.focal_length_35mm",
        type="integer",
        unit="mm",
        description="focal length with the same view on 35 mm film",
    ),
    Field(
        name="exif.digital_zoom",
        type="number",
        description="enlarged by so much; 1 or absent: not at all",
    ),
    Field(
        name="exif.subject_distance_m",
        type="number",
        unit="m",
        description="distance to the subject",
    ),
    Field(name="exif.software", description="program that wrote the file"),
    Field(name="exif.artist", description="who made the picture", private=True),
    Field(name="exif.copyright", description="copyright notice"),
)
GPS: Final = (
    Field(
        name="gps.latitude_deg",
        type="number",
        unit="deg",
        description="north of the equator (WGS 84)",
        private=True,
    ),
    Field(
        name="gps.longitude_deg",
        type="number",
        unit="deg",
        description="east of Greenwich (WGS 84)",
        private=True,
    ),
    Field(
        name="gps.altitude_m",
        type="number",
        unit="m",
        description="above sea level",
        private=True,
    ),
    Field(
        name="gps.direction_deg",
        type="number",
        unit="deg",
        description="where the camera looked, clockwise from north",
        private=True,
    ),
    Field(name="gps.time", type="time", description="time of the fix, in UTC", private=True),
)
IMAGE: Final = (
    Field(
        name="image.depth_bits",
        type="integer",
        unit="bit",
        description="bits per channel, where they are not 8",
    ),
    Field(
        name="image.frames",
        type="integer",
        description="pages or frames in the file, where there are several",
    ),
    Field(name="page.number", type="integer", description="which page or frame of its file"),
    Field(name="page.count", type="integer", description="pages or frames in its file"),
    Field(name="page.duration_s", type="number", unit="s", description="how long it is shown"),
)
