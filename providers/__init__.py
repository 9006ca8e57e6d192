"""Pulumi dynamic providers of this project, one package per service."""
