"""dlt's generic REST source, as its documentation shows it: ``rest_api.py URL KEY CAMPAIGN,... [FORMAT]``."""

import sys

import dlt
from dlt.sources.rest_api import rest_api_source


def calls_of(campaign_id):
    """Return the resource of one campaign; its cursor is its own, the table is everyone's."""
    return {
        "name": f"calls_of_{campaign_id}",
        "table_name": "calls",
        "endpoint": {
            "path": f"campaigns/{campaign_id}/calls",
            "params": {"pageSize": 100},
            "incremental": {
                "cursor_path": "created_at",
                "start_param": "startDate",
                "initial_value": "2020-01-01T00:00:00Z",
            },
        },
        "processing_steps": [{"map": lambda call: {**call, "campaign_id": campaign_id}}],
    }


def main(url, key, campaign_ids, loader_file_format=None):
    """Load what was created since the last run."""
    source = rest_api_source(
        {
            "client": {
                "base_url": url,
                "auth": {"type": "api_key", "name": "Authorization", "api_key": f"api-key {key}"},
                "paginator": {
                    "type": "page_number",
                    "page_param": "pageIndex",
                    "total_path": None,
                    "has_more_path": "pagination.has_next",
                },
            },
            "resource_defaults": {
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": {"data_selector": "calls"},
            },
            "resources": [calls_of(int(campaign_id)) for campaign_id in campaign_ids.split(",")],
        }
    )
    pipeline = dlt.pipeline("calls", destination="duckdb", dataset_name="altur")
    pipeline.run(source, loader_file_format=loader_file_format)


if __name__ == "__main__":
    main(*sys.argv[1:])
