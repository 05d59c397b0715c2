"""One database address, two spellings: libpq's for psycopg, SQLAlchemy's with the driver named."""


def libpq_url(url: str) -> str:
    """``postgresql://…`` as psycopg and procrastinate take it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1).replace("postgres://", "postgresql://", 1)


def sqlalchemy_url(url: str) -> str:
    """``postgresql+psycopg://…`` as SQLAlchemy takes it."""
    return libpq_url(url).replace("postgresql://", "postgresql+psycopg://", 1)
