"""The container's health check: asks the shop how it is, prints the answer, and fails unless it is well."""

import sys
from urllib.error import HTTPError, URLError
from urllib.request import urlopen


def main():
    try:
        with urlopen("http://127.0.0.1:8000/health", timeout=4) as answer:
            print(answer.read().decode())
    except HTTPError as error:
        sys.exit(f"{error.code}: {error.read().decode()}")
    except URLError as error:
        sys.exit(str(error.reason))


if __name__ == "__main__":
    main()
