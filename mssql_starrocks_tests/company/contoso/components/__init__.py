from contoso.components.erp_copy import ErpCopy

__all__ = ["ErpCopy"]
