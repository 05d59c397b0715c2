"""Personal data shown back so that its owner recognises it and nobody else learns it."""

HIDDEN = "***"


def masked(field: str, value: str) -> str:
    """The value of a profile's field with its middle hidden; codes of choices and years stay."""
    match field:
        case "phone":
            return f"{value[:-8]}****{value[-4:]}" if len(value) > 8 else HIDDEN
        case "email":
            name, _, domain = value.rpartition("@")
            return f"{name[:1]}{HIDDEN}@{domain}"
        case "name":
            return f"{value[:1]}{HIDDEN}" if len(value) > 1 else HIDDEN
        case "birthday":
            return f"{value[:4]}-**-**"
        case "address":
            return f"{value[: min(6, len(value) // 2)]}{HIDDEN}"
        case "id_number":
            return f"{HIDDEN}{value[-4:]}" if len(value) > 8 else HIDDEN
        case "language" | "gender" | "region" | "size":
            return value
    return f"{value[: min(4, len(value) // 2)]}{HIDDEN}"
