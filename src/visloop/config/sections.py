"""The sections of `visloop.yaml`: frozen, every field bounded, nothing unknown allowed."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0)]


class Section(BaseModel):
    """What all sections have in common; plug-ins subclass it for theirs."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ServeSection(Section):
    """The serving processes.

    `folders`: what users may name on this machine over HTTP beside the workspace's own folder.
    `device`: where networks run; `auto`: CUDA where ONNX Runtime has it, else the processor.
    `keys`: whether whoever asks a model needs an API key; `auto`: only where other machines can reach
    the server. `upload_limit_mb`: the largest file that may be sent in pieces to a data set.
    `urls`: from where pictures are fetched that are named by their URL (beginnings of URLs, hosts,
    `*.example.com`, networks for private addresses); none if empty. Films sent to a model: at most
    `video_seconds` long (0: none), at most `video_frames` of one are answered.
    `batch`: pictures that wait go through a network together; `auto`: as many as are measured to be
    faster than one by one, for each model on this machine. `queue`, `time_limit_s`, `megapixels` and
    `body_limit_mb` hold for every deployment; one may set itself tighter ones (`deploy --limit`).
    `otel`: where traces go by OTLP over HTTP, `http://127.0.0.1:4318/v1/traces`; nowhere if empty.
    """

    host: str = "127.0.0.1"
    processes: Annotated[int, Field(ge=1, le=64)] = 1
    threads: Annotated[int, Field(ge=0, le=256)] = 0
    device: Literal["auto", "cpu", "cuda", "openvino"] = "auto"
    batch: Literal["auto", "off"] | Annotated[int, Field(ge=1, le=64)] = "auto"
    queue: Count = 256
    time_limit_s: Seconds = 10.0
    megapixels: Annotated[float, Field(gt=0)] = 100.0
    body_limit_mb: Annotated[int, Field(gt=0, le=4096)] = 32
    upload_limit_mb: Annotated[int, Field(gt=0, le=1 << 20)] = 4096
    allowed_hosts: tuple[str, ...] = ()
    spool_limit_mb: Count = 512
    folders: tuple[str, ...] = ()
    keys: Literal["auto", "required", "off"] = "auto"
    urls: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    url_seconds: Annotated[float, Field(gt=0, le=60)] = 10.0
    video_seconds: Annotated[float, Field(ge=0, le=3600)] = 60.0
    video_frames: Annotated[int, Field(gt=0, le=10_000)] = 120
    otel: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""


class CanarySection(Section):
    """How a canary is judged (`visloop deploy MODEL --as NAME --canary 10%`).

    `steps`: shares of the requests, in order, above the first one. `alpha`: the chance that a canary as
    good as the champion is stopped. `min_requests`: its answers before the next step. `margin`: promoted
    once shown to have at most so much more errors, and slow answers, than the champion. `slower`: over
    the champion's 95th percentile at most so many times as often. `disagreement`: different answers on
    at most this share of the pictures (1: any). `promote` off: a person promotes.
    """

    steps: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = (0.1, 0.5)
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    min_requests: Count = 200
    max_hours: Annotated[float, Field(gt=0)] = 24.0
    margin: Annotated[float, Field(gt=0, lt=1)] = 0.05
    slower: Annotated[float, Field(ge=1)] = 2.0
    disagreement: Annotated[float, Field(gt=0, le=1)] = 0.3
    promote: bool = True


class ShadowSection(Section):
    """Copies of the requests for a second model: this share of them, and at most so many a second."""

    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    per_s: Seconds = 50.0


class ProbingSection(Section):
    """When the questions of an API key are an alarm, once on a day.

    `after` so many answers that were looked at. Shares of them: `borders` both hardly differ from the
    questions before and lie between two classes, `unsure` lie between two classes, `near` hardly differ.
    Above 1: never.
    """

    after: Count = 200
    borders: Annotated[float, Field(gt=0)] = 0.3
    unsure: Annotated[float, Field(gt=0)] = 0.6
    near: Annotated[float, Field(gt=0)] = 0.9


class MonitorSection(Section):
    """The window test on served predictions; `probing`: what API keys ask."""

    window: Annotated[int, Field(ge=20, le=10_000)] = 50
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.01
    probing: ProbingSection = ProbingSection()


class CaptureSection(Section):
    """Which served images go back to a human."""

    below_confidence: Share = 0.4
    above_outlier: Share = 0.995
    random_share: Share = 0.0
    daily_limit: Count = 500


class ThresholdCheck(Section):
    """A metric that must reach (or stay under) a figure; of one model, or of every one.

    `shown`: the nearer end of its 95 % interval must, too.
    """

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    slice: str | None = None
    shown: bool = False
    model: str = ""


class AssessCheck(Section):
    """A kind of assessment, and what a figure of it must be; without, the kind's own bound holds.

    `set`: settings of the kind. `shown`: the nearer end of the figure's 95 % interval must hold.
    """

    assess: str
    figure: str = ""
    at_least: float | None = None
    at_most: float | None = None
    shown: bool = False
    set: dict[str, bool | int | float | str | tuple[bool | int | float | str, ...]] = {}
    model: str = ""


def _which_check(raw: Any) -> str:
    """A check with `assess` is of an assessment."""
    assess = "assess" in raw if isinstance(raw, dict) else isinstance(raw, AssessCheck)
    return "assess" if assess else "metric"


GateCheck = Annotated[
    Annotated[ThresholdCheck, Tag("metric")] | Annotated[AssessCheck, Tag("assess")],
    Discriminator(_which_check),
]


class GateSection(Section):
    """What a candidate must show before it may become champion.

    `separation_of_duties`: who trained a model may not approve it, nor a change of this policy.
    """

    checks: tuple[GateCheck, ...] = ()
    better_than_champion: Literal["off", "not_worse", "non_inferior", "better"] = "not_worse"
    margin: Annotated[float, Field(ge=0, lt=1)] = 0.02
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    min_samples: Count = 20
    approval: bool = False
    separation_of_duties: bool = False


class CharterGoal(Section):
    """A figure that says whether it works; of one model, or of every one that has such a figure."""

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    model: str = ""
    why: str = ""

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("a goal gives at_least, at_most, or both")
        return self


class CharterSection(Section):
    """Seven questions, answered before work starts; gates and reports read `success`.

    What hurts the user; what they value most; how they will meet the system; how the need becomes a
    vision task; whether the data is there; by which figures it works; what cannot be done today.
    """

    hurts: str = ""
    values: str = ""
    meets: str = ""
    task: str = ""
    data: str = ""
    success: tuple[CharterGoal, ...] = ()
    limits: str = ""


class PrivacySection(Section):
    """What is taken off every picture on its way in."""

    gps: Literal["keep", "remove"] = "keep"
    faces: Literal["keep", "blur"] = "keep"
    text: Literal["keep", "blur"] = "keep"
    faces_by: Annotated[str, Field(min_length=1, max_length=64)] = "haar"
    text_by: Annotated[str, Field(min_length=1, max_length=64)] = "strokes"
    margin: Annotated[float, Field(ge=0, le=2)] = 0.25


class SearchSection(Section):
    """What search compares pictures with words and with one another by: `lite0`, or a plug-in."""

    encoder: Annotated[str, Field(min_length=1, max_length=64)] = "lite0"


class LoopSection(Section):
    """When a new model is made from what production taught, and how.

    `switch`: how it takes the champion's place. `direct`: at once. `canary`: its share of the requests
    grows first, as `canary` says. `shadow`: before that it looks at copies of them, as `shadow` says.
    """

    dataset: str = ""
    deployment: str = ""
    model: str = ""
    recipe: str = "classify-linear"
    labels: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    test_share: Share = 0.25
    cooldown_s: Annotated[float, Field(ge=0)] = 0.0
    switch: Literal["direct", "shadow", "canary"] = "direct"
    every_s: Seconds = 1.0


class IngestSection(Section):
    """What `add` takes from videos, archives, buckets and the net at most.

    An archive may hold `archive_members` files, unpack to `archive_gb` GiB, and to `archive_ratio`
    times its own size. Fetching: so many at once, MB and seconds a file, tries before giving up.
    `private_addresses`: URLs in lists may lead to this machine and its own network.
    """

    frames_per_video: Annotated[int, Field(gt=0, le=10_000_000)] = 100_000
    archive_members: Count = 1_000_000
    archive_gb: Annotated[float, Field(gt=0)] = 200.0
    archive_ratio: Annotated[int, Field(ge=2)] = 200
    fetch_at_once: Annotated[int, Field(ge=1, le=128)] = 16
    fetch_mb: Annotated[float, Field(gt=0, le=16_384)] = 1024.0
    fetch_seconds: Seconds = 60.0
    fetch_tries: Annotated[int, Field(ge=1, le=20)] = 4
    private_addresses: bool = False


class TrackingSection(Section):
    """What runs may keep: files that come over HTTP, in MiB each."""

    artifact_limit_mb: Annotated[int, Field(gt=0, le=1_048_576)] = 4096


class RegistrySection(Section):
    """Whose models are taken: fingerprints (`sha256:…`) of keys that exported models are signed with."""

    trusted: tuple[Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")], ...] = ()


class WebhookSection(Section):
    """Where news is posted; `secret_env` names the environment variable that signs it."""

    url: str
    kinds: tuple[str, ...] = ("alert.opened", "model.promoted")
    secret_env: str = ""


class Config(Section):
    """The whole of `visloop.yaml`."""

    format: Literal[1] = 1
    project: str = "default"
    ingest: IngestSection = IngestSection()
    serve: ServeSection = ServeSection()
    canary: CanarySection = CanarySection()
    shadow: ShadowSection = ShadowSection()
    monitor: MonitorSection = MonitorSection()
    capture: CaptureSection = CaptureSection()
    charter: CharterSection = CharterSection()
    gate: GateSection = GateSection()
    loop: LoopSection = LoopSection()
    search: SearchSection = SearchSection()
    privacy: PrivacySection = PrivacySection()
    registry: RegistrySection = RegistrySection()
    tracking: TrackingSection = TrackingSection()
    compute: Annotated[str, Field(pattern=r"^[a-z0-9-]+(://\S*)?$")] = "local"
    webhooks: tuple[WebhookSection, ...] = ()
    plugins: dict[str, Section] = {}
