"""The CDK app: one stage of the system, chosen by `-c stage=…`, from the topology.

Synthesis calls nothing and looks nothing up; any setting of the stage can be given as `-c key=value`.
"""

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from infra.stacks.stage import Stage
from infra.stacks.system import System


def build(app: App) -> System:
    """Every stack of the stage that the app's context names; with `-c nag=true` checked by cdk-nag."""
    system = System(app, Stage.from_context(app.node.get_all_context()))
    if app.node.try_get_context("nag"):
        Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
    return system


if __name__ == "__main__":
    root = App()
    build(root)
    root.synth()
