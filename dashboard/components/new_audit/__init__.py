"""Parts of the page that starts an audit."""
