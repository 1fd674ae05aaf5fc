from contoso.components.crm_copy import CrmCopy
from contoso.components.erp_copy import ErpCopy

__all__ = ["CrmCopy", "ErpCopy"]
