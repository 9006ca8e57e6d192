"""The plugin `exchange-online`: both connectors and the partner, for programs in any language."""
