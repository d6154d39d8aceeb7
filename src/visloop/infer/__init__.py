"""Decode, the contract executed, ONNX sessions, the embedder: one predictor for everybody."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.infer.answering import Answered as Answered
    from visloop.infer.answering import Answering as Answering
    from visloop.infer.answering import Colours as Colours
    from visloop.infer.answering import Item as Item
    from visloop.infer.answering import Unread as Unread
    from visloop.infer.concepts import Lite0Encoder as Lite0Encoder
    from visloop.infer.encoders import Encoder as Encoder
    from visloop.infer.encoders import Meaning as Meaning
    from visloop.infer.encoders import Pair as Pair
    from visloop.infer.encoders import TextNetwork as TextNetwork
    from visloop.infer.forms.shrinking import Made as Made
    from visloop.infer.forms.shrinking import halved as halved
    from visloop.infer.forms.shrinking import quantised as quantised
    from visloop.infer.gradients import Differentiable as Differentiable
    from visloop.infer.gradients import Layer as Layer
    from visloop.infer.gradients import NoGradient as NoGradient
    from visloop.infer.gradients import Weights as Weights
    from visloop.infer.gradients import differentiable as differentiable
    from visloop.infer.gradients import gradient as gradient
    from visloop.infer.gradients import gradients_here as gradients_here
    from visloop.infer.images import NotAnImage as NotAnImage
    from visloop.infer.images import Picture as Picture
    from visloop.infer.images import TooManyPixels as TooManyPixels
    from visloop.infer.images import TruncatedImage as TruncatedImage
    from visloop.infer.images import decode as decode
    from visloop.infer.images import is_light as is_light
    from visloop.infer.images import read as read
    from visloop.infer.images import whole as whole
    from visloop.infer.lite0 import LITE0_STRIDES as LITE0_STRIDES
    from visloop.infer.lite0 import imagenet_weights as imagenet_weights
    from visloop.infer.model_file import ModelRefused as ModelRefused
    from visloop.infer.model_file import check_model as check_model
    from visloop.infer.model_file import joined as joined
    from visloop.infer.model_file import refuse_folder as refuse_folder
    from visloop.infer.networks import Network as Network
    from visloop.infer.networks import backbone as backbone
    from visloop.infer.networks import imagenet_classifier as imagenet_classifier
    from visloop.infer.networks import with_head as with_head
    from visloop.infer.orientation import is_sideways as is_sideways
    from visloop.infer.orientation import jpeg_orientation as jpeg_orientation
    from visloop.infer.orientation import turn_upright as turn_upright
    from visloop.infer.predictor import Answer as Answer
    from visloop.infer.predictor import Halt as Halt
    from visloop.infer.predictor import Outputs as Outputs
    from visloop.infer.predictor import Predictor as Predictor
    from visloop.infer.predictor import Prepared as Prepared
    from visloop.infer.predictor import Session as Session
    from visloop.infer.predictor import providers as providers
    from visloop.infer.saying import candidates as candidates
    from visloop.infer.saying import say as say
    from visloop.infer.stating import Signature as Signature
    from visloop.infer.stating import read_contract as read_contract
    from visloop.infer.stating import signature as signature
    from visloop.infer.tensors import Sized as Sized
    from visloop.infer.tensors import check_executable as check_executable
    from visloop.infer.tensors import normalised as normalised
    from visloop.infer.tensors import place as place
    from visloop.infer.tensors import preprocess as preprocess
    from visloop.infer.tensors import resized as resized
    from visloop.infer.tensors import sized as sized
    from visloop.infer.tensors import to_tensor as to_tensor
    from visloop.infer.thumbnails import drawn_part as drawn_part
    from visloop.infer.thumbnails import jpeg_size as jpeg_size
    from visloop.infer.thumbnails import jpeg_thumbnail as jpeg_thumbnail
    from visloop.infer.thumbnails import jpeg_upright as jpeg_upright
    from visloop.infer.thumbnails import part_inside as part_inside
    from visloop.infer.weights import WeightsRefused as WeightsRefused
    from visloop.infer.weights import read_weights as read_weights

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "answering": ("Answered", "Answering", "Colours", "Item", "Unread"),
        "concepts": ("Lite0Encoder",),
        "encoders": ("Encoder", "Meaning", "Pair", "TextNetwork"),
        "networks": ("Network", "backbone", "imagenet_classifier", "with_head"),
        "gradients": (
            "Differentiable",
            "Layer",
            "NoGradient",
            "Weights",
            "differentiable",
            "gradient",
            "gradients_here",
        ),
        "images": (
            "NotAnImage",
            "Picture",
            "TooManyPixels",
            "TruncatedImage",
            "decode",
            "is_light",
            "read",
            "whole",
        ),
        "lite0": ("LITE0_STRIDES", "imagenet_weights"),
        "model_file": ("ModelRefused", "check_model", "joined", "refuse_folder"),
        "orientation": ("is_sideways", "jpeg_orientation", "turn_upright"),
        "predictor": (
            "Answer",
            "Halt",
            "Outputs",
            "Predictor",
            "Prepared",
            "Session",
            "providers",
        ),
        "saying": ("candidates", "say"),
        "forms.shrinking": ("Made", "halved", "quantised"),
        "stating": ("Signature", "read_contract", "signature"),
        "tensors": (
            "Sized",
            "check_executable",
            "normalised",
            "place",
            "preprocess",
            "resized",
            "sized",
            "to_tensor",
        ),
        "thumbnails": (
            "drawn_part",
            "jpeg_size",
            "jpeg_thumbnail",
            "jpeg_upright",
            "part_inside",
        ),
        "weights": ("WeightsRefused", "read_weights"),
    },
)
