"""A small web shop, to try a deployment with."""

VERSION = "1.0.0"
