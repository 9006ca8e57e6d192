"""The program: what the stack's settings file declares. Everything it does is in `regulated_partners.run`."""

import regulated_partners

regulated_partners.run()
