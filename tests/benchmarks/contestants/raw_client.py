"""A client that fetches and does not even parse: ``raw_client.py URL KEY CAMPAIGN PAGES CONNECTIONS``."""

import sys
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlsplit


def fetch(url, key, campaign_id, indices):
    """Fetch pages over one connection."""
    at = urlsplit(url)
    connection = HTTPConnection(at.hostname, at.port)
    for index in indices:
        path = f"{at.path}/campaigns/{campaign_id}/calls?pageSize=100&pageIndex={index}"
        connection.request("GET", path, headers={"Authorization": f"api-key {key}"})
        response = connection.getresponse()
        response.read()
        assert response.status == 200, response.status
    connection.close()


def main(url, key, campaign_id, pages, connections):
    """Share the pages among the connections."""
    shares = [range(first, int(pages), int(connections)) for first in range(int(connections))]
    with ThreadPoolExecutor(len(shares)) as pool:
        list(pool.map(lambda share: fetch(url, key, campaign_id, share), shares))


if __name__ == "__main__":
    main(*sys.argv[1:])
