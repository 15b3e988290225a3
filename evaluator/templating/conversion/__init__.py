"""Go templates into Jinja2.

What is written comes out, not what it would do: a field stays a field, a pipeline a pipeline, a loop a loop, so that people can
go on writing where they stopped. What has no counterpart is named with its place and not guessed at. Whether a converted text
says the same is not believed but tried (`proof`), on examples made of the names that occur in it.
"""

from evaluator.templating.conversion.proof import Converted, Trouble, convert_file, convert_receiver_text, convert_rule_text

__all__ = ["Converted", "Trouble", "convert_file", "convert_receiver_text", "convert_rule_text"]
