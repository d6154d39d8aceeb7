"""Model packages, their versions, aliases, approvals and cards."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.registry.aliases import champion as champion
    from visloop.registry.aliases import promote as promote
    from visloop.registry.aliases import rollback as rollback
    from visloop.registry.aliases import set_alias as set_alias
    from visloop.registry.approvals import approve as approve
    from visloop.registry.approvals import decision as decision
    from visloop.registry.approvals import reject as reject
    from visloop.registry.approvals import request_approval as request_approval
    from visloop.registry.approvals import waiting as waiting
    from visloop.registry.archiving import archive as archive
    from visloop.registry.archiving import require_in_use as require_in_use
    from visloop.registry.cards import CardFacts as CardFacts
    from visloop.registry.cards import write_card as write_card
    from visloop.registry.flavours import CONTRACT_FILE as CONTRACT_FILE
    from visloop.registry.flavours import NETWORK_FILE as NETWORK_FILE
    from visloop.registry.flavours import ModelFile as ModelFile
    from visloop.registry.flavours import flavoured as flavoured
    from visloop.registry.kept import REGISTRY_ROOTS as REGISTRY_ROOTS
    from visloop.registry.lookup import list_models as list_models
    from visloop.registry.lookup import resolve as resolve
    from visloop.registry.lookup import show as show
    from visloop.registry.lookup import versions as versions
    from visloop.registry.packages import card as card
    from visloop.registry.packages import enter as enter
    from visloop.registry.packages import lineage as lineage
    from visloop.registry.packages import load as load
    from visloop.registry.packages import manifest_of as manifest_of
    from visloop.registry.packages import model_names as model_names
    from visloop.registry.packages import name_model as name_model
    from visloop.registry.packages import register as register
    from visloop.registry.packages import store_package as store_package
    from visloop.registry.packaging.archive import SUFFIX as SUFFIX
    from visloop.registry.packaging.archive import PackageRefused as PackageRefused
    from visloop.registry.packaging.archive import looks_packed as looks_packed
    from visloop.registry.packaging.sealing import Opened as Opened
    from visloop.registry.packaging.sealing import seal as seal
    from visloop.registry.packaging.sealing import unseal as unseal
    from visloop.registry.packaging.signing import SignatureRefused as SignatureRefused
    from visloop.registry.packaging.signing import fingerprint as fingerprint
    from visloop.registry.packaging.signing import new_key as new_key
    from visloop.registry.packaging.signing import public_key as public_key
    from visloop.registry.querying import models_relation as models_relation
    from visloop.registry.records import CHAMPION as CHAMPION
    from visloop.registry.records import Approval as Approval
    from visloop.registry.records import ApprovalNeeded as ApprovalNeeded
    from visloop.registry.records import Manifest as Manifest
    from visloop.registry.records import ModelArchived as ModelArchived
    from visloop.registry.records import ModelDetail as ModelDetail
    from visloop.registry.records import ModelLine as ModelLine
    from visloop.registry.records import ModelNotFound as ModelNotFound
    from visloop.registry.records import ModelVersion as ModelVersion
    from visloop.registry.records import Package as Package
    from visloop.registry.records import Promotion as Promotion
    from visloop.registry.records import RegistryPorts as RegistryPorts
    from visloop.registry.records import model_digest as model_digest

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "kept": ("REGISTRY_ROOTS",),
        "packaging.archive": ("PackageRefused", "SUFFIX", "looks_packed"),
        "packaging.sealing": ("Opened", "seal", "unseal"),
        "packaging.signing": ("SignatureRefused", "fingerprint", "new_key", "public_key"),
        "querying": ("models_relation",),
        "aliases": ("champion", "promote", "rollback", "set_alias"),
        "archiving": ("archive", "require_in_use"),
        "approvals": ("approve", "decision", "reject", "request_approval", "waiting"),
        "flavours": ("CONTRACT_FILE", "NETWORK_FILE", "ModelFile", "flavoured"),
        "cards": ("CardFacts", "write_card"),
        "records": (
            "CHAMPION",
            "Approval",
            "ApprovalNeeded",
            "Manifest",
            "ModelArchived",
            "ModelDetail",
            "ModelLine",
            "ModelNotFound",
            "ModelVersion",
            "Package",
            "Promotion",
            "RegistryPorts",
            "model_digest",
        ),
        "lookup": ("list_models", "resolve", "show", "versions"),
        "packages": (
            "model_names",
            "name_model",
            "card",
            "enter",
            "lineage",
            "load",
            "manifest_of",
            "register",
            "store_package",
        ),
    },
)
