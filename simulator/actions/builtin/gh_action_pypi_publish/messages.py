"""What the action says, in the words that its users search for.

Source: pypa/gh-action-pypi-publish, v1.14. The documentation's address follows from the index's own.
"""

from __future__ import annotations

from collections.abc import Mapping

LINUX_ONLY = "This action is only able to run under GNU/Linux environments"
NO_IMAGE = "Unable to find image '{image}' locally\ndocker: Error response from daemon: manifest unknown"
ATTESTATIONS_UNTRUSTED = (
    "The workflow was run with the 'attestations: true' input, but an explicit password was also set, disabling "
    "Trusted Publishing. As a result, the attestations input is ignored."
)
ATTESTATIONS_ELSEWHERE = (
    "The workflow was run with 'attestations: true' input, but the specified repository URL does not support PEP 740 "
    "attestations. As a result, the attestations input is ignored."
)
UPGRADE = (
    "Trusted Publishers allows publishing packages to PyPI from automated environments like GitHub Actions without "
    "needing to use username/password combinations or API tokens to authenticate with PyPI. "
    "Read more: {docs}/trusted-publishers"
)
NO_PASSWORDS = (
    "As of 2024, PyPI requires all users to enable Two-Factor Authentication. This consequently requires all users to "
    "switch to either Trusted Publishers (preferred) or API tokens for package uploads. "
    "Read more: https://blog.{host}/posts/2023-05-25-securing-pypi-with-2fa/"
)
CREATE_PUBLISHER = (
    "A new Trusted Publisher for the currently running publishing workflow can be created by accessing the following "
    "link(s) while logged-in as an owner of the package(s):"
)
NOTHING_PASSED = (
    "It looks like you have not passed a password or it is otherwise empty. Please verify that you have passed it "
    "directly or, preferably, through a secret."
)
ODD_PREFIX = (
    "It looks like you are trying to use an API token to authenticate in the package index and your token value does "
    'not start with "pypi-" as it typically should. This may cause an authentication error. Please verify that you '
    "have copied your token properly if such an error occurs."
)
MISSING_DISTS = (
    "It looks like there are no Python distribution packages to publish in the directory '{folder}/'. "
    "Please verify that they are in place should you face this problem."
)

CLAIMS = (
    "sub",
    "repository",
    "repository_owner",
    "repository_owner_id",
    "workflow_ref",
    "job_workflow_ref",
    "ref",
    "environment",
)
PERMISSIONS_DOCS = (
    "https://docs.github.com/en/actions/deployment/security-hardening-your-deployments/"
    "about-security-hardening-with-openid-connect#adding-permissions-settings"
)

SUMMARY = """
Trusted publishing exchange failure:

{message}

You're seeing this because the action wasn't given the inputs needed to
perform password-based or token-based authentication. If you intended to
perform one of those authentication methods instead of trusted
publishing, then you should double-check your secret configuration and variable
names.

Read more about trusted publishers at {docs}/trusted-publishers/

Read more about how this action uses trusted publishers at
https://github.com/marketplace/actions/pypi-publish#trusted-publishing
"""

RETRIEVAL_FAILED = """
OpenID Connect token retrieval failed: {reason}

This generally indicates a workflow configuration error, such as insufficient
permissions. Make sure that your workflow has `id-token: write` configured
at the job level, e.g.:

```yaml
permissions:
  id-token: write
```

Learn more at {permissions_docs}.
"""

RETRIEVAL_FAILED_ON_FORK = """
OpenID Connect token retrieval failed: {reason}

The workflow context indicates that this action was called from a
pull request on a fork. GitHub doesn't give these workflows OIDC permissions,
even if `id-token: write` is explicitly configured.

To fix this, change your publishing workflow to use an event that
forks of your repository cannot trigger (such as tag or release
creation, or a manually triggered workflow dispatch).
"""

REFUSED = """
Token request failed: the server refused the request for the following reasons:

{reasons}

This generally indicates a trusted publisher configuration error, but could
also indicate an internal error on GitHub or PyPI's part.


The claims rendered below are **for debugging purposes only**. You should **not**
use them to configure a trusted publisher unless they already match your expectations.

If a claim is not present in the claim set, then it is rendered as `MISSING`.

{claims}

See {docs}/trusted-publishers/troubleshooting/ for more help.

"""

NOT_JSON = """
Token request failed: the index produced an unexpected
{status} response.

This strongly suggests a server configuration or downtime issue; wait
a few minutes and try again.

You can monitor PyPI's status here: https://status.python.org/
"""

RESPONSE_MALFORMED = """
Token response error: the index gave us an invalid response.

This strongly suggests a server configuration or downtime issue; wait
a few minutes and try again.
"""

SIGNING_SUMMARY = """
Attestation generation failure:

{message}

You're seeing this because the action attempted to generated PEP 740
attestations for its inputs, but failed to do so.
"""

SIGNING_REFUSED = """
OpenID Connect token retrieval failed: {reason}

This failure occurred after a successful Trusted Publishing Flow,
suggesting a transient error.
"""

REUSABLE_WORKFLOW = """
The claims in this token suggest that the calling workflow is a reusable workflow.

In particular, this action was initiated by:

    {job_workflow_ref}

Whereas its parent workflow is:

    {workflow_ref}

Reusable workflows are **not currently supported** by PyPI's Trusted Publishing
functionality, and are subject to breakage. Users are **strongly encouraged**
to avoid using reusable workflows for Trusted Publishing until support
becomes official. Please, do not report bugs if this breaks.

For more information, see:

* {docs}/trusted-publishers/troubleshooting/#reusable-workflows-on-github
* https://github.com/pypa/gh-action-pypi-publish/issues/166 — subscribe to
  this issue to watch the progress and learn when reusable workflows become
  supported officially
"""


def claims_list(claims: Mapping[str, object]) -> str:
    """The claims that decide, as Markdown bullets."""
    return "\n".join(f"* `{name}`: `{claims.get(name, 'MISSING')}`" for name in CLAIMS)
