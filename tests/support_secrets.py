"""A labelled corpus: fakes of secrets, and texts that only look like one. Made anew in each run.

Nothing here is a secret, and no file holds a text that looks like one: values come from a random
generator with a fixed seed, and prefixes are written in parts.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import string
import uuid
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LETTERS = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + string.digits
URLSAFE = LETTERS + "-_"
BASE64 = LETTERS + "+/"
BASE32 = string.ascii_uppercase + "234567"


@dataclass
class Maker:
    """Random values, the same in every run."""

    seed: int
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - fakes, the same in every run

    def some(self, alphabet: str, length: int) -> str:
        return "".join(self.chance.choice(alphabet) for _ in range(length))

    def raw(self, length: int) -> bytes:
        return self.chance.randbytes(length)

    def password(self) -> str:
        """As people make them: a word, a number, a sign."""
        word = self.chance.choice(("Winter", "Gemini", "Kestrel", "Tangerine", "Moselle", "Quartz"))
        number, sign = self.chance.randint(17, 9876), self.chance.choice("!#?%&*")
        return self.chance.choice((f"{word}{number}{sign}", f"{sign}{word.lower()}{number}x"))

    def random_password(self) -> str:
        return self.some(LETTERS + "!#%*?", 14) + "7a!"

    def word(self) -> str:
        return self.chance.choice(
            ("billing", "report", "worker", "ingest", "shop", "mail", "search", "orders", "cache")
        )

    def words(self, count: int) -> list[str]:
        return [self.word() for _ in range(count)]


Make = "Callable[[Maker], str]"


def folded(text: str, width: int = 64) -> str:
    return "\n".join(text[at : at + width] for at in range(0, len(text), width))


def _pem(kind: str, make: Maker, size: int = 600) -> str:
    body = folded(base64.b64encode(make.raw(size)).decode())
    mark = f"{kind} KEY".strip()
    return f"-----{'BEGIN'} {mark}-----\n{body}\n-----{'END'} {mark}-----"


def _jwt(make: Maker) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    head = part({"alg": "HS256", "typ": "JWT"})
    claims = part({"sub": make.some(HEX, 12), "iat": make.chance.randint(10**9, 2 * 10**9)})
    return f"{head}.{claims}.{make.some(URLSAFE, 43)}"


def _service_account(make: Maker) -> str:
    return json.dumps(
        {
            "type": "service_account",
            "project_id": make.word(),
            "private_key_id": make.some(HEX, 40),
            "private_key": _pem("PRIVATE", make) + "\n",
            "client_email": f"{make.word()}@{make.word()}.iam.gserviceaccount.com",
            "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
        },
        indent=2,
    )


def _docker(make: Maker) -> str:
    login = base64.b64encode(f"{make.word()}:{make.random_password()}".encode()).decode()
    return json.dumps({"auths": {"registry.example.test": {"auth": login}}})


def _kubernetes(make: Maker) -> str:
    value = base64.b64encode(make.random_password().encode()).decode()
    return (
        f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {make.word()}\ntype: Opaque\n"
        f"data:\n  password: {value}\n"
    )


def _jwk(make: Maker) -> str:
    return json.dumps({"kty": "EC", "crv": "P-256", "d": make.some(URLSAFE, 43), "x": "f83O"})


def _cookie(make: Maker) -> str:
    return f"Cookie: theme=dark; sessionid={make.some(LETTERS, 32)}"


TOKENS: dict[str, Callable[[Maker], str]] = {
    "GitHub token": lambda m: "ghp" + "_" + m.some(LETTERS, 36),
    "GitHub fine-grained token": lambda m: (
        "github" + "_pat_" + m.some(LETTERS, 22) + "_" + m.some(LETTERS, 59)
    ),
    "GitHub app token": lambda m: "ghs" + "_" + m.some(LETTERS, 36),
    "GitLab token": lambda m: "glpat" + "-" + m.some(URLSAFE, 20),
    "Slack bot token": lambda m: (
        "xox" + f"b-{m.some('123456789', 12)}-{m.some('123456789', 12)}-{m.some(LETTERS, 24)}"
    ),
    "Slack webhook": lambda m: (
        "https://hooks." + f"slack.com/services/T{m.some(UPPER, 8)}/B{m.some(UPPER, 8)}/"
        f"{m.some(LETTERS, 24)}"
    ),
    "AWS key id": lambda m: "AK" + "IA" + m.some(BASE32, 16),
    "Google API key": lambda m: "AI" + "za" + m.some(URLSAFE, 35),
    "Stripe key": lambda m: "sk" + "_live_" + m.some(LETTERS, 24),
    "Stripe restricted key": lambda m: "rk" + "_live_" + m.some(LETTERS, 24),
    "SendGrid key": lambda m: "S" + f"G.{m.some(URLSAFE, 22)}.{m.some(URLSAFE, 43)}",
    "npm token": lambda m: "np" + "m_" + m.some(LETTERS, 36),
    "PyPI token": lambda m: "py" + "pi-AgEIcHlwaS5vcmc" + m.some(URLSAFE, 85),
    "Docker Hub token": lambda m: "dck" + "r_pat_" + m.some(URLSAFE, 27),
    "OpenAI key": lambda m: (
        "s" + f"k-proj-{m.some(LETTERS, 74)}" + "T3Blbk" + f"FJ{m.some(LETTERS, 74)}"
    ),
    "Anthropic key": lambda m: "sk" + "-ant-api03-" + m.some(URLSAFE, 93) + "AA",
    "DeepSeek key": lambda m: "s" + "k-" + m.some(HEX, 32),
    "Hugging Face token": lambda m: "h" + "f_" + m.some(string.ascii_letters, 34),
    "DigitalOcean token": lambda m: "do" + "p_v1_" + m.some(HEX, 64),
    "Databricks token": lambda m: "da" + "pi" + m.some(HEX, 32),
    "Shopify token": lambda m: "sh" + "pat_" + m.some(HEX, 32),
    "Telegram bot token": lambda m: f"{m.some('123456789', 10)}:AA{m.some(URLSAFE, 33)}",
    "Vault token": lambda m: "hv" + "s." + m.some(LETTERS, 92),
    "Grafana token": lambda m: "gl" + f"sa_{m.some(LETTERS, 32)}_{m.some(HEX, 8)}",
    "Linear key": lambda m: "lin" + "_api_" + m.some(LETTERS, 40),
    "Notion token": lambda m: "nt" + f"n_{m.some('0123456789', 11)}{m.some(LETTERS, 35)}",
    "JSON web token": _jwt,
    "age key": lambda m: "AGE-SECRET-" + "KEY-1" + m.some("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58),
    "bcrypt hash": lambda m: "$2" + f"b$12${m.some(LETTERS + './', 53)}",
    "Discord webhook": lambda m: (
        "https://discord" + f".com/api/webhooks/{m.some('123456789', 18)}/{m.some(URLSAFE, 68)}"
    ),
    "Twilio key": lambda m: "S" + "K" + m.some(HEX, 32),
    "Postman key": lambda m: "PM" + f"AK-{m.some(HEX, 24)}-{m.some(HEX, 34)}",
}
"""Those with a shape of their own: they are secret wherever they stand."""

HELD: tuple[Callable[[str, Maker], str], ...] = (
    lambda v, m: f'{m.word()}_client = Client("{v}")\n',
    lambda v, m: f"export {m.word().upper()}_CREDENTIAL={v}\n",
    lambda v, m: f"  {m.word()}:\n    token: {v}\n",
    lambda v, m: json.dumps({m.word(): v, "retries": 3}),
    lambda v, m: f"# {m.word()}, do not lose: {v}\ndef f():\n    return 1\n",
    lambda v, m: f"const {m.word()} = '{v}';\n",
)

WHOLE: dict[str, Callable[[Maker], str]] = {
    "RSA private key": lambda m: _pem("RSA " + "PRIVATE", m),
    "PKCS8 private key": lambda m: _pem("PRIVATE", m),
    "EC private key, cut off": lambda m: _pem("EC " + "PRIVATE", m, 121).rpartition("\n")[0],
    "OpenSSH private key": lambda m: _pem("OPENSSH " + "PRIVATE", m, 300),
    "private key in a string": lambda m: json.dumps({"pem": _pem("PRIVATE", m, 121)}),
    "PuTTY key": lambda m: (
        "PuTTY-User-" + f"Key-File-3: ssh-ed25519\nEncryption: none\nPrivate-Lines: 1\n"
        f"{m.some(BASE64, 48)}\n"
    ),
    "Google service account": _service_account,
    "AWS secret key": lambda m: f"aws_secret_access_key = {m.some(LETTERS + '+', 40)}\n",
    "AWS session token": lambda m: f'AWS_SESSION_TOKEN="{m.some(BASE64, 300)}"\n',
    "Azure storage key": lambda m: (
        "DefaultEndpointsProtocol=https;AccountName=shop;Account"
        f"Key={base64.b64encode(m.raw(64)).decode()};EndpointSuffix=core.windows.net"
    ),
    "Azure signed URL": lambda m: (
        "https://shop.blob.core.windows.net/a?sv=2023-01-03&se=2030-01-01&sr=c&sp=rl&sig="
        + m.some(LETTERS, 40)
        + "%3D"
    ),
    "AWS signed URL": lambda m: (
        f"https://b.s3.amazonaws.com/x?X-Amz-Expires=60&X-Amz-Signature={m.some(HEX, 64)}"
    ),
    "password in Postgres URL": lambda m: (
        f'DATABASE_URL = "postgresql://{m.word()}:{m.random_password().replace("?", "x")}@db.internal/x"'
    ),
    "password in MongoDB URL": lambda m: (
        f"mongodb+srv://{m.word()}:{m.some(LETTERS, 16)}@c0.mongodb.net/a"
    ),
    "password in Redis URL": lambda m: f"redis://:{m.some(LETTERS, 20)}@cache.internal:6379/0",
    "password in a git URL": lambda m: (
        f"git clone https://bot:{m.some(LETTERS, 20)}@git.internal/a.git"
    ),
    "password in Python": lambda m: f'db_password = "{m.password()}"\n',
    "password as argument": lambda m: (
        f'connect(host, user="app", password="{m.random_password()}")\n'
    ),
    "password in a dict": lambda m: f'conf = {{"user": "app", "password": "{m.password()}"}}\n',
    "password in YAML": lambda m: f"database:\n  user: app\n  password: {m.random_password()}\n",
    "password in .env": lambda m: f"APP_ENV=prod\nDB_PASSWORD={m.random_password()}\n",
    "password in properties": lambda m: f"spring.datasource.password={m.password()}\n",
    "password in XML": lambda m: f"<user>app</user><password>{m.some(LETTERS, 12)}4</password>",
    "password in Java": lambda m: f'private static final String PASSWORD = "{m.password()}";\n',
    "password in Go": lambda m: f'dbPassword := "{m.random_password()}"\n',
    "password in SQL": lambda m: f"CREATE USER app WITH PASSWORD '{m.random_password()}';\n",
    "password on the command line": lambda m: f"mysqldump --password {m.some(LETTERS, 15)}9 shop\n",
    "ADO connection string": lambda m: (
        f"Server=db;Database=shop;User Id=app;Pwd={m.some(LETTERS, 14)}3;Encrypt=true"
    ),
    "API key in TypeScript": lambda m: f"const apiKey: string = '{m.some(LETTERS, 32)}';\n",
    "API key in JSON": lambda m: json.dumps({"apiKey": m.some(HEX, 32), "region": "eu"}),
    "API key in a header": lambda m: f'headers = {{"X-Api-Key": "{m.some(LETTERS, 40)}"}}\n',
    "client secret": lambda m: (
        f"oauth:\n  client_id: shop\n  client_secret: {m.some(URLSAFE, 40)}\n"
    ),
    "signing key": lambda m: f'SECRET_KEY = "django-insecure-{m.some(LETTERS + "!@#$%^&*", 50)}"\n',
    "bearer header": lambda m: (
        f'curl -H "Authorization: Bearer {m.some(LETTERS, 40)}" https://a.test'
    ),
    "basic header": lambda m: (
        "Authorization: Basic "
        + base64.b64encode(f"{m.word()}:{m.random_password()}".encode()).decode()
    ),
    ".netrc": lambda m: f"machine git.internal\n  login bot\n  password {m.some(LETTERS, 18)}\n",
    ".pgpass": lambda m: f"db.internal:5432:shop:app:{m.random_password()}\n",
    ".npmrc": lambda m: f"//registry.internal/:_authToken={m.some(LETTERS, 36)}\n",
    "Docker login": _docker,
    "Kubernetes secret": _kubernetes,
    "JSON web key": _jwk,
    "session cookie": _cookie,
    "one-time password seed": lambda m: (
        f"otpauth://totp/Shop:a?secret={m.some(BASE32, 32)}&issuer=S"
    ),
    "WireGuard key": lambda m: (
        f"[Interface]\nPrivateKey = {base64.b64encode(m.raw(32)).decode()}\nAddress = 10.0.0.2/32\n"
    ),
    "Django hash": lambda m: f"pbkdf2_sha256$600000${m.some(LETTERS, 22)}${m.some(BASE64, 43)}=",
    "shadow hash": lambda m: (
        f"app:$6${m.some(LETTERS, 16)}${m.some(LETTERS + './', 86)}:19000:0:::"
    ),
}
"""Those that are secret by what stands around them."""


def fakes(seed: int, each: int) -> Iterator[tuple[str, str]]:
    """Kind and text of each fake secret, `each` of every kind."""
    make = Maker(seed)
    for number in range(each):
        for at, (kind, token) in enumerate(TOKENS.items()):
            yield kind, HELD[(at + number) % len(HELD)](token(make), make)
        for kind, whole in WHOLE.items():
            yield kind, whole(make)


def _sri(m: Maker) -> str:
    return "sha512-" + base64.b64encode(m.raw(64)).decode()


def _minified(m: Maker) -> str:
    names = [m.some(string.ascii_letters, 1) for _ in range(12)]
    return "".join(
        f'!function({a},{b}){{var c={a}.{b}||"{m.word()}";return c({m.chance.randint(1, 999)})}};'
        for a, b in pairwise(names)
    )


def _image(m: Maker) -> str:
    start = base64.b64encode(b"\x89PNG\r\n\x1a\n" + m.raw(400)).decode()
    return f'<img src="data:image/png;base64,{start}">'


NEGATIVES: dict[str, Callable[[Maker], str]] = {
    "npm lock": lambda m: json.dumps({"resolved": "https://r.test/a.tgz", "integrity": _sri(m)}),
    "yarn lock": lambda m: f'{m.word()}@^1.2.3:\n  version "1.2.9"\n  integrity {_sri(m)}\n',
    "poetry lock": lambda m: f'{{file = "a-1.0.whl", hash = "sha256:{m.some(HEX, 64)}"}},\n',
    "cargo lock": lambda m: f'name = "{m.word()}"\nchecksum = "{m.some(HEX, 64)}"\n',
    "go.sum": lambda m: (
        f"github.com/a/{m.word()} v1.2.3 h1:{base64.b64encode(m.raw(32)).decode()}\n"
    ),
    "pip hash": lambda m: f"{m.word()}==1.2.3 --hash=sha256:{m.some(HEX, 64)}\n",
    "SRI": lambda m: f'<script src="a.js" integrity="{_sri(m)}" crossorigin="anonymous">',
    "git sha": lambda m: f"Fixed in {m.some(HEX, 40)} (see also {m.some(HEX, 8)})",
    "pinned action": lambda m: f"- uses: actions/checkout@{m.some(HEX, 40)}  # v4\n",
    "uuid": lambda m: f'ID = "{uuid.UUID(bytes=m.raw(16), version=4)}"\n',
    "uuid list": lambda m: "\n".join(str(uuid.UUID(bytes=m.raw(16), version=4)) for _ in range(4)),
    "md5": lambda m: f'assert digest == "{hashlib.md5(m.raw(9)).hexdigest()}"\n',  # noqa: S324 - a test's text
    "digest table": lambda m: "".join(f"{m.some(HEX, 64)}  {m.word()}.tar.gz\n" for _ in range(3)),
    "image": _image,
    "font": lambda m: f"src: url(data:font/woff2;base64,{base64.b64encode(m.raw(300)).decode()})",
    "minified": _minified,
    "AWS's example key": lambda _: "aws_access_key_id = AK" + "IAIOSFODNN7EXAMPLE\n",
    "AWS's example secret": lambda _: (
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY\n"
    ),
    "example token": lambda _: 'token = "ghp_' + "x" * 36 + '"\n',
    "changeme": lambda _: 'password = "changeme"\n',
    "change me": lambda _: "DB_PASSWORD=change-me-please\n",
    "your key": lambda m: f'api_key = "your-{m.word()}-api-key-here"\n',
    "angle brackets": lambda _: 'headers = {"Authorization": "Bearer <your-access-token>"}\n',
    "stars": lambda _: "password: ********\n",
    "test password": lambda _: 'client.login(username="admin", password="password123")\n',
    "secret": lambda m: (
        f'password = "{m.chance.choice(("secret", "s3cr3t", "hunter2", "test1234"))}"\n'
    ),
    "environment": lambda m: f'password = os.environ["{m.word().upper()}_PASSWORD"]\n',
    "shell variable": lambda m: f'export DB_PASSWORD="${{{m.word().upper()}_PASSWORD}}"\n',
    "template": lambda m: f"password: {{{{ .Values.{m.word()}.password }}}}\n",
    "workflow": lambda m: f"token: ${{{{ secrets.{m.word().upper()}_TOKEN }}}}\n",
    "f-string": lambda _: 'headers = {"Authorization": f"Bearer {token}"}\n',
    "call": lambda m: f"password = get_{m.word()}_password(user.id, 12)\n",
    "attribute": lambda m: f"token = self.{m.word()}.access_token\n",
    "parameter": lambda _: (
        "def login(user: str, password: str, token: str | None = None) -> bool: ...\n"
    ),
    "field name": lambda m: f'password_field = "{m.word()}_password_input2"\n',
    "token URL": lambda m: f'token_url = "https://{m.word()}.test/oauth2/v1/token"\n',
    "token type": lambda _: 'data = {"token_type": "bearer", "grant_type": "client_credentials"}\n',
    "header name": lambda _: 'API_KEY_HEADER = "X-Api-Key-V2"\n',
    "secret name": lambda m: f'secret_name = "{m.word()}-database-credentials-2"\n',
    "secret reference": lambda m: f"secretKeyRef:\n  name: {m.word()}-db\n  key: password\n",
    "tokenizer": lambda _: 'tokenizer = AutoTokenizer.from_pretrained("gpt2-medium-v2")\n',
    "token loop": lambda _: "for token in tokens: counts[token.text2id] += 1\n",
    "message": lambda _: 'raise ValueError("password must have 8 characters")\n',
    "label": lambda _: '<label for="password">Password (8+ characters)</label>\n',
    "local database": lambda _: 'URL = "postgresql://postgres:postgres@localhost:5432/test"\n',
    "documentation URL": lambda _: "postgresql://user:password@host:port/database\n",
    "public key": lambda m: f"ssh-ed25519 {base64.b64encode(m.raw(51)).decode()} a@b\n",
    "certificate": lambda m: (
        "-----BEGIN CERTIFICATE-----\n"
        + folded(base64.b64encode(m.raw(500)).decode())
        + "\n-----END CERTIFICATE-----\n"
    ),
    "PEM marks alone": lambda _: 'if "-----BEGIN ' + 'PRIVATE KEY-----" in text: ...\n',
    "long name": lambda m: "def test_" + "_".join(m.words(9)) + "() -> None: ...\n",
    "long camel": lambda m: "class " + "".join(w.title() for w in m.words(8)) + "Factory: ...\n",
    "constant": lambda m: "_".join(w.upper() for w in m.words(6)) + " = 0xDEADBEEF\n",
    "hex table": lambda m: f"TABLE = [{', '.join(f'0x{m.some(HEX, 8)}' for _ in range(12))}]\n",
    "version": lambda m: f"docker pull a/{m.word()}@sha256:{m.some(HEX, 64)}\n",
    "trace": lambda m: f"traceparent: 00-{m.some(HEX, 32)}-{m.some(HEX, 16)}-01\n",
    "alphabet": lambda _: f'ALPHABET = "{string.ascii_uppercase + string.ascii_lowercase}"\n',
    "regex": lambda _: 'TOKEN = re.compile(r"gh[pousr]_[A-Za-z0-9]{36,255}")\n',
    "lorem": lambda m: " ".join(m.words(60)),
    "base64 of prose": lambda m: base64.b64encode(" ".join(m.words(20)).encode()).decode(),
    "etag": lambda m: f'ETag: W/"{m.some(HEX, 32)}"\n',
    "csrf in a form": lambda _: (
        '<input type="hidden" name="csrf_token" value="{{ csrf_token }}">\n'
    ),
    "migration": lambda m: f'revision = "{m.some(HEX, 12)}"\ndown_revision = "{m.some(HEX, 12)}"\n',
    "nonce call": lambda _: "token = secrets.token_urlsafe(32)\n",
    "license header": lambda _: "# SPDX-License-Identifier: Apache-2.0\n# Copyright the authors\n",
}
"""Texts that only look like a secret."""


def negatives(seed: int, each: int) -> Iterator[tuple[str, str]]:
    """Kind and text of each harmless one, `each` of every kind."""
    make = Maker(seed)
    for _ in range(each):
        for kind, text in NEGATIVES.items():
            yield kind, text(make)
