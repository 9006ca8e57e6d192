"""What a consumer of the plugin's folder installs: enough for the plugin's process, and nothing foreign."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

from tools import plugin_requirements

_IMPORTED = """
import sys
import regulated_partners.plugin.main, regulated_partners.plugin.partner, regulated_partners.plugin.schema
import exchange_online.lifecycle, exchange_online.admin_api
import exchange_online.admin_api.certificates, exchange_online.admin_api.tokens, exchange_online.admin_api.transport
import msal, cryptography
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_the_plugin_needs_no_more_than_its_folder_installs() -> None:
    """Failing, `pulumi package add` from git gives a plugin that ends in `No module named …`."""
    done = subprocess.run([sys.executable, "-c", _IMPORTED], capture_output=True, text=True, check=True)
    of_module = importlib.metadata.packages_distributions()
    used = {name.lower() for module in done.stdout.split() for name in of_module.get(module, ())}
    direct = plugin_requirements.declared()
    assert set(plugin_requirements.NEEDED) <= direct
    # What pulumi and msal bring along is no dependency of the project's.
    assert used & direct <= set(plugin_requirements.NEEDED)
    assert plugin_requirements.TARGET.read_text(encoding="utf-8") == plugin_requirements.text()
