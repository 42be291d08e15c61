"""The workflow engine for the yearly OCOP ("Mỗi xã một sản phẩm") cycle of a coordination office."""
