using Microsoft.ML;
using Microsoft.ML.Data;

namespace MiniTorch.Data;

/// <summary>Gathers the values of a column while a cursor moves over the rows.</summary>
internal abstract class ColumnReader
{
    public abstract void Read();

    public abstract Tensor ToTensor();

    public static ColumnReader Of(DataViewRowCursor cursor, DataViewSchema.Column column)
    {
        var vector = column.Type as VectorDataViewType;
        if (vector is { IsKnownSize: false }) throw new ValueException($"ToTensorDataset: the vectors of column '{column.Name}' have no fixed size");
        DataViewType item = vector?.ItemType ?? column.Type;
        return item.RawType switch
        {
            var t when t == typeof(float) => new Reader<float>(cursor, column, vector?.Size, item),
            var t when t == typeof(double) => new Reader<double>(cursor, column, vector?.Size, item),
            var t when t == typeof(bool) => new Reader<bool>(cursor, column, vector?.Size, item),
            var t when t == typeof(long) => new Reader<long>(cursor, column, vector?.Size, item),
            var t when t == typeof(int) => new Reader<int>(cursor, column, vector?.Size, item),
            var t when t == typeof(uint) => new Reader<uint>(cursor, column, vector?.Size, item),
            var t when t == typeof(short) => new Reader<short>(cursor, column, vector?.Size, item),
            var t when t == typeof(ushort) => new Reader<ushort>(cursor, column, vector?.Size, item),
            var t when t == typeof(sbyte) => new Reader<sbyte>(cursor, column, vector?.Size, item),
            var t when t == typeof(byte) => new Reader<byte>(cursor, column, vector?.Size, item),
            _ => throw new DTypeException($"ToTensorDataset: column '{column.Name}' holds {column.Type}; only numbers, truth values and keys become "
                + "tensors (ML.NET's transforms MapValueToKey, OneHotEncoding and FeaturizeText make such columns)"),
        };
    }

    private sealed class Reader<T>(DataViewRowCursor cursor, DataViewSchema.Column column, int? size, DataViewType item) : ColumnReader
        where T : unmanaged
    {
        private readonly List<T> _values = [];
        private readonly ValueGetter<T>? _scalar = size is null ? cursor.GetGetter<T>(column) : null;
        private readonly ValueGetter<VBuffer<T>>? _vector = size is null ? null : cursor.GetGetter<VBuffer<T>>(column);
        private VBuffer<T> _row;

        public override void Read()
        {
            if (_scalar is not null)
            {
                T value = default;
                _scalar(ref value);
                _values.Add(value);
                return;
            }
            _vector!(ref _row);
            _values.AddRange(_row.DenseValues());
        }

        public override Tensor ToTensor()
        {
            int[] shape = size is { } columns ? [_values.Count / Math.Max(columns, 1), columns] : [_values.Count];
            Tensor tensor = Tensor.From<T>(_values.ToArray(), shape);
            if (item is not KeyDataViewType) return tensor;
            if (tensor.Eq(0).Any().Item<bool>())
                throw new ValueException($"ToTensorDataset: a key of column '{column.Name}' is missing; filter such rows first "
                    + "(mlContext.Data.FilterRowsByMissingValues)");
            return tensor - 1; // keys count from 1
        }
    }
}
