"""The same for programs: JSON below ``/api``, described by an OpenAPI document that is made from its values."""
