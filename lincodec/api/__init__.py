"""The public interface behind ``lincodec``; import from there, not from here."""
