"""The demo company: Nuanju Home Appliances (暖居电器), a seller of home appliances of our own invention.

Every product, price, policy, address and phone number in it is made up. One YAML file per article, named by the
article's id, in Simplified Chinese and English; Traditional Chinese comes from conversion.
"""

from pathlib import Path
from typing import Final

ARTICLES: Final[Path] = Path(__file__).parent / "articles"
"""The folder that holds the articles, `ID.yaml` each."""
