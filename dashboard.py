"""The dashboard: `streamlit run dashboard.py`, as `costmodel dashboard` serves it."""

from costmodel.app.main import main

main()
