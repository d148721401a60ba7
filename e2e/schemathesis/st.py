"""Runs Schemathesis.

CPython before 3.11.8 and 3.12.2 fails when two threads parse source code at the same time
(github.com/python/cpython/issues/106905). Hypothesis parses the source of lambdas, only to name them in
messages, so here they have no names.
"""

from hypothesis.internal import lambda_sources

lambda_sources.lambda_description = lambda f: "lambda"

from schemathesis.cli import schemathesis  # noqa: E402

schemathesis()
